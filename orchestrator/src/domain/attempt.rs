//! An attempt: one try at a job, whose row is the lease.

use mrprism_protocol::id::{AttemptId, Fence, JobId, RunId};
use mrprism_protocol::state::{Asked, AttemptOutcome, JobKind};

/// A live attempt, locked, with what decides about its job's future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveAttempt {
    /// The attempt.
    pub attempt: AttemptId,
    /// Its job.
    pub job: JobId,
    /// Its run.
    pub run: RunId,
    /// Its fence.
    pub fence: Fence,
    /// What the job does.
    pub kind: JobKind,
    /// Whether its experiment limits how many of its runs are at work: its end makes room.
    pub limited: bool,
    /// What happened to the job before.
    pub history: History,
}

/// What happened to a job before the attempt that now ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct History {
    /// Attempts that infrastructure ended.
    pub infrastructure_failures: u32,
    /// Attempts that ran out of device memory.
    pub memory_failures: u32,
    /// Attempts that its own error ended.
    pub own_failures: u32,
    /// How many of those its experiment wants tried again.
    pub retries: u32,
    /// What its holder was asked to do.
    pub asked: Option<Asked>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// How.
    pub outcome: AttemptOutcome,
    /// For people.
    pub message: Option<String>,
    /// BLAKE3 over the final weights, where training ended.
    pub weights_hash: Option<String>,
    /// Seconds of training.
    pub train_seconds: Option<f64>,
}

impl Ending {
    /// The end of an attempt whose trainer reported nothing new for `minutes`, though its worker lives.
    pub fn hung(minutes: u64) -> Self {
        Self {
            outcome: AttemptOutcome::Infrastructure,
            message: Some(format!(
                "The trainer got no further for {minutes} minutes, so it is taken for hung. Where it only was slow, give the \
                 experiment more with `mrprism queue set EXPERIMENT --progress-minutes N`."
            )),
            weights_hash: None,
            train_seconds: None,
        }
    }

    /// The end of an attempt whose worker went silent.
    pub fn lost() -> Self {
        Self {
            outcome: AttemptOutcome::Lost,
            message: Some(
                "The worker sent no heartbeat before its lease ended: it, its machine or the network failed."
                    .to_owned(),
            ),
            weights_hash: None,
            train_seconds: None,
        }
    }
}
