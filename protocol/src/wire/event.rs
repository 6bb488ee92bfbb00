//! `POST /api/v1/worker/events`: what an attempt reports, in batches that may arrive twice. 409 where the fence is old.

use serde::{Deserialize, Serialize};

use super::Score;
use crate::id::{Fence, JobId};

/// A batch from one attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventBatch {
    /// The job.
    pub job: JobId,
    /// The attempt's fence.
    pub fence: Fence,
    /// At most 5,000, sequences ascending.
    pub events: Vec<Event>,
}

/// One report. `(attempt, sequence)` is unique: a second arrival changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Position in the attempt's stream, from 0. Gaps are allowed (dropped metric points).
    pub sequence: u64,
    /// The worker's clock, for display only.
    pub at: chrono::DateTime<chrono::Utc>,
    /// What happened.
    pub body: EventBody,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventBody {
    /// Training began; `step` > 0 where it went on from a checkpoint.
    Started {
        /// Steps already done.
        step: u64,
        /// Epochs already done.
        epoch: u64,
        /// Steps in all.
        steps: u64,
        /// Steps an epoch.
        steps_per_epoch: u64,
    },
    /// Where training stands.
    Progress {
        /// What is being done: `train`, `predict`, `score`.
        phase: String,
        /// Steps done.
        step: u64,
        /// Epochs done.
        epoch: u64,
        /// Steps in all.
        steps: u64,
    },
    /// One point of a curve.
    Metric {
        /// Curve, e.g. `train/loss`, `validation/soft_dice/rec2`.
        series: String,
        /// Optimiser step.
        step: u64,
        /// Finite value.
        value: f64,
    },
    /// A line for people.
    Log {
        /// `info`, `warn` or `error`.
        level: String,
        /// The text.
        message: String,
    },
    /// Scores of stored predictions; equal keys are equal scores.
    Scores {
        /// The scores.
        scores: Vec<Score>,
    },
    /// The test cases of the run, said before the first of them is predicted.
    TestCases {
        /// Every one.
        cases: Vec<TestCase>,
    },
    /// Metric points that a full buffer had to drop.
    Dropped {
        /// How many in all so far.
        metric_points: u64,
    },
}

/// A test case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestCase {
    /// Its name.
    pub case: String,
    /// Whom it shows: the unit of tests and intervals. The case's name where nothing else is known.
    pub patient: String,
}

/// Answer to a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsReply {
    /// Every event up to here is stored.
    pub stored_through: u64,
}
