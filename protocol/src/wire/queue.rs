//! What people see and change of the queue.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{ExperimentId, JobId, RunId};
use crate::spec::Seed;
use crate::state::{Asked, JobKind, JobState};

/// `GET /api/v1/queue`: jobs that have not ended, those at work first, then in the order in which they will be served; at
/// most 1,000.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueuedJob {
    /// The job.
    pub job: JobId,
    /// What it does.
    pub kind: JobKind,
    /// Where it stands.
    pub state: JobState,
    /// What its holder has been asked to do.
    pub asked: Option<Asked>,
    /// The pool it waits in.
    pub pool: String,
    /// What a person gave it.
    pub priority: i32,
    /// Its experiment.
    pub experiment: ExperimentId,
    /// Its experiment's name.
    pub experiment_name: String,
    /// Its run.
    pub run: RunId,
    /// The arm's name.
    pub arm: String,
    /// The replicate.
    pub seed: Seed,
    /// The fold, if any.
    pub fold: Option<u32>,
    /// When it may be claimed, where that is to come: it failed and waits a moment.
    pub not_before: Option<DateTime<Utc>>,
    /// The host at work on it.
    pub host: Option<String>,
    /// Why it waits, where its state does not say so.
    pub reason: Option<String>,
}

/// `POST /api/v1/runs/{id}/move`: where the run's waiting job is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Before every other of its pool.
    Front,
    /// After every other of its pool.
    Back,
    /// Just before this run's waiting job, in that one's pool.
    Before(RunId),
}
