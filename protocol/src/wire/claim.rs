//! `POST /api/v1/worker/claim`: ask for work; the server holds the call until there is some (200) or the wait is over (204).

use serde::{Deserialize, Serialize};

use super::ArtifactRef;
use crate::id::{AttemptId, ExperimentId, Fence, JobId, RunId, WorkerId};
use crate::spec::{RunSpec, Seed};
use crate::state::{DeviceKind, JobKind};

/// One free device asks for one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRequest {
    /// Who asks; 404 where it is not registered.
    pub worker: WorkerId,
    /// Kind of the free device.
    pub device_kind: DeviceKind,
    /// Its number.
    pub device_index: u32,
    /// Chosen by the caller, new for every claim: a repeated call with the same nonce gets the same job.
    pub nonce: uuid::Uuid,
    /// Longest wait, at most 30 s.
    pub wait_seconds: u32,
}

/// A job, and the right to write for it until the lease ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// The job.
    pub job: JobId,
    /// What it does.
    pub kind: JobKind,
    /// This try.
    pub attempt: AttemptId,
    /// Number of this try, from 1.
    pub attempt_number: u32,
    /// Every write names it.
    pub fence: Fence,
    /// The lease ends this long after the last heartbeat.
    pub lease_seconds: f64,
    /// Send heartbeats this often.
    pub heartbeat_seconds: f64,
    /// The experiment.
    pub experiment: ExperimentId,
    /// Its name.
    pub experiment_name: String,
    /// The run.
    pub run: RunId,
    /// The arm's name.
    pub arm: String,
    /// What to do. Of a job of kind `score`, its `evaluation` is the job's own.
    pub spec: RunSpec,
    /// The replicate.
    pub seed: Seed,
    /// The fold, if any.
    pub fold: Option<u32>,
    /// The newest uploaded checkpoint of this run, if any.
    pub checkpoint: Option<ArtifactRef>,
}
