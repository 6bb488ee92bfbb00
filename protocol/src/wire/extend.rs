//! What is added to an experiment that is there: missing cells, new tries at what failed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ExperimentView;
use crate::id::RunId;
use crate::spec::Bundle;
use crate::state::JobState;

/// `POST /api/v1/experiments/{id or name}/extend`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extended {
    /// The experiment as it is now.
    pub experiment: ExperimentView,
    /// Runs that were added.
    pub added: u64,
    /// Cells that were there.
    pub there: u64,
    /// Runs that the file does not name; they stay.
    /// None are counted of a definition that it has already.
    pub unnamed: u64,
    /// Whether the experiment's definition is another one now.
    pub redefined: bool,
}

/// `POST /api/v1/experiments/{id or name}/retry`: which runs, and from where. `POST /api/v1/runs/{id}/retry` takes
/// `from_scratch` alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryRequest {
    /// Runs in these states: `failed`, `quarantined`, `cancelled`.
    pub states: Vec<JobState>,
    /// Forget what checkpoints are stored, and begin anew.
    pub from_scratch: bool,
}

impl Default for RetryRequest {
    fn default() -> Self {
        Self {
            states: vec![JobState::Failed, JobState::Quarantined],
            from_scratch: false,
        }
    }
}

/// What was queued again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retried {
    /// The experiment as it is now.
    pub experiment: ExperimentView,
    /// Runs that were queued again, in order.
    pub runs: Vec<RunId>,
    /// How many of them go on from a checkpoint.
    pub from_checkpoint: u64,
    /// Runs in these states that were left: no worker of this server's science version may run them.
    pub other_science: u64,
}

/// `GET /api/v1/experiments/{id or name}/definition`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// BLAKE3 of the bundle in canonical form.
    pub hash: String,
    /// The experiment file and the method files it names.
    pub bundle: Bundle,
    /// What it was before, newest first.
    pub earlier: Vec<PastDefinition>,
}

/// A definition that was superseded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastDefinition {
    /// From 1, oldest first.
    pub number: u32,
    /// BLAKE3 of its bundle.
    pub hash: String,
    /// When another took its place.
    pub superseded_at: DateTime<Utc>,
}
