//! `POST /api/v1/experiments/{id or name}/score`: score the stored predictions again, without training.

use serde::{Deserialize, Serialize};

use crate::id::JobId;
use crate::spec::{Metric, ReferenceFamily};

/// What to score with. An empty list leaves what each run's specification says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreRequest {
    /// References, in place of the runs' own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<ReferenceFamily>,
    /// Metrics, in place of the runs' own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
    /// Whether runs that are still to be trained are scored when they have been.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub when_trained: bool,
}

/// What was queued: one job for each run that has succeeded (or may yet, where that was asked for) and is not being scored
/// already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreQueued {
    /// The jobs.
    pub jobs: Vec<JobId>,
    /// Runs that have no stored predictions to score, and will have none where that was asked for.
    pub without_result: u64,
    /// Runs that have a scoring waiting or under way.
    pub under_way: u64,
}
