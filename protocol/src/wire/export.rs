//! An experiment outside a server: `GET /api/v1/experiments/{id or name}/export/experiment`, and what an import answers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ExperimentView;
use crate::id::RunId;
use crate::spec::{Bundle, Fingerprint, RunSpec, Seed};
use crate::state::{AttemptOutcome, DeviceKind, JobState};

/// `mrprism.export/1`: everything of an experiment but its scores and curves, which stand beside it and name runs by position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedExperiment {
    /// Always `mrprism.export/1`.
    pub schema: String,
    /// Name.
    pub name: String,
    /// What it asks.
    pub question: String,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
    /// When a person cancelled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<DateTime<Utc>>,
    /// What was submitted.
    pub bundle: Bundle,
    /// Every run, in the experiment's order.
    pub runs: Vec<ExportedRun>,
}

/// One run and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedRun {
    /// Id.
    pub id: RunId,
    /// Its place in the experiment, from 0.
    pub position: u32,
    /// The arm.
    pub arm: String,
    /// The replicate.
    pub seed: Seed,
    /// The fold.
    pub fold: Option<u32>,
    /// The newest job's state.
    pub state: JobState,
    /// Hash of spec, seed, fold and science version.
    pub fingerprint: Fingerprint,
    /// Hash of the sources its numbers depend on.
    pub science_version: String,
    /// BLAKE3 of the final weights.
    pub weights_hash: Option<String>,
    /// Seconds of training.
    pub train_seconds: Option<f64>,
    /// What it is.
    pub spec: RunSpec,
    /// Its test cases and whose they are; empty where the run was made before workers said so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub patients: BTreeMap<String, String>,
    /// Oldest first.
    pub attempts: Vec<ExportedAttempt>,
    /// Where and with what it was made, as its worker wrote it; without the machine's name unless that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<serde_json::Value>,
}

/// One try at a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedAttempt {
    /// From 1.
    pub number: u32,
    /// The machine; only where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What it ran on.
    pub device: DeviceKind,
    /// When it was claimed.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it ended; none while it was live.
    pub outcome: Option<AttemptOutcome>,
    /// The error, for people.
    pub message: Option<String>,
    /// Epoch it went on from; none where it began anew.
    pub resumed_from_epoch: Option<u64>,
    /// Step it went on from.
    pub resumed_from_step: Option<u64>,
    /// Steps done.
    pub step: u64,
    /// Epochs done.
    pub epoch: u64,
    /// Steps in all, once training had begun.
    pub steps: Option<u64>,
}

/// `POST /api/v1/experiments/import` answers 201 with this, or 200 where the same content is there already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Imported {
    /// The experiment.
    pub experiment: ExperimentView,
    /// What is not as it was exported.
    pub notes: Vec<String>,
}
