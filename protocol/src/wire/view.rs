//! What people's calls answer: experiments, runs, workers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::DeviceOffer;
use crate::id::{AttemptId, ExperimentId, RunId, WorkerId};
use crate::spec::{RunSpec, Seed};
use crate::state::{Asked, AttemptOutcome, ExperimentState, JobState};

/// `POST /api/v1/experiments` (201, or 200 where the same bundle is there already), `GET /api/v1/experiments/{id or name}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExperimentView {
    /// Id.
    pub id: ExperimentId,
    /// Name.
    pub name: String,
    /// What it asks.
    pub question: String,
    /// Derived from its runs.
    pub state: ExperimentState,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
    /// Whether a person paused it, or drains it.
    #[serde(default)]
    pub paused: bool,
    /// Runs by state.
    pub runs: BTreeMap<JobState, u64>,
}

/// `GET /api/v1/experiments/{id or name}/runs`, `GET /api/v1/runs/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// Id.
    pub id: RunId,
    /// The experiment.
    pub experiment: ExperimentId,
    /// Its name.
    pub experiment_name: String,
    /// The arm.
    pub arm: String,
    /// The replicate.
    pub seed: Seed,
    /// The fold.
    pub fold: Option<u32>,
    /// The newest job's state.
    pub state: JobState,
    /// What its holder has been asked to do and has not done yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// Why it waits or ended, where no attempt says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is being done: `train`, `predict`, `score`.
    pub phase: Option<String>,
    /// Steps done.
    pub step: u64,
    /// Epochs done.
    pub epoch: u64,
    /// Steps in all, once training has begun.
    pub steps: Option<u64>,
    /// BLAKE3 of the final weights.
    pub weights_hash: Option<String>,
    /// Oldest first.
    pub attempts: Vec<AttemptView>,
    /// The whole specification; only in `GET /api/v1/runs/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<RunSpec>,
}

/// One try at a run's job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptView {
    /// Id.
    pub id: AttemptId,
    /// From 1.
    pub number: u32,
    /// The worker process.
    pub worker: WorkerId,
    /// Its host.
    pub host: String,
    /// When it was claimed.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it ended; none while it is live.
    pub outcome: Option<AttemptOutcome>,
    /// The error, for people.
    pub message: Option<String>,
    /// Epoch it went on from; none where it began anew.
    pub resumed_from_epoch: Option<u64>,
    /// Step it went on from.
    pub resumed_from_step: Option<u64>,
}

/// `GET /api/v1/workers`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerView {
    /// Id.
    pub id: WorkerId,
    /// Host.
    pub host: String,
    /// Pool.
    pub pool: String,
    /// Whether a heartbeat came within a lease.
    pub live: bool,
    /// What it offers.
    pub devices: Vec<DeviceOffer>,
    /// Names of the data sets it holds.
    pub datasets: Vec<String>,
    /// Leases it holds.
    pub leases: u64,
    /// Whether it is to claim nothing more.
    #[serde(default)]
    pub draining: bool,
}

/// `GET /api/v1/runs/{id}/logs?after=N`: lines of the run's attempts, oldest first, at most 1,000.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogPage {
    /// The lines.
    pub lines: Vec<LogLine>,
    /// Give it as `after` to read on.
    pub next: i64,
}

/// One log line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// Number of the attempt.
    pub attempt: u32,
    /// The worker's clock.
    pub at: DateTime<Utc>,
    /// `info`, `warn` or `error`.
    pub level: String,
    /// The text.
    pub message: String,
}

/// `GET /api/v1/runs/{id}/metrics?series=S`: one curve a series; after a resume only the newest attempt's points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Name.
    pub series: String,
    /// (step, value), ascending.
    pub points: Vec<(u64, f64)>,
}

/// `GET /api/v1/status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusView {
    /// Server version.
    pub version: String,
    /// Jobs by state.
    pub jobs: BTreeMap<JobState, u64>,
    /// Live workers.
    pub workers: Vec<WorkerView>,
    /// Newest experiments first, at most 20.
    pub experiments: Vec<ExperimentView>,
    /// Leases the reaper has expired.
    pub leases_expired_total: u64,
}
