//! `POST /api/v1/worker/heartbeat`: keeps leases alive and brings commands back. 404 where the worker is unknown: register again.

use serde::{Deserialize, Serialize};

use crate::id::{Fence, JobId, WorkerId};
use crate::spec::DatasetCard;
use crate::state::Command;

/// One live lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseBeat {
    /// The job.
    pub job: JobId,
    /// The attempt's fence.
    pub fence: Fence,
}

/// All of a worker's leases in one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Who.
    pub worker: WorkerId,
    /// Its live leases.
    pub leases: Vec<LeaseBeat>,
    /// What it holds, where that changed since the last call.
    pub datasets: Option<Vec<DatasetCard>>,
}

/// What to do with one lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseReply {
    /// The job.
    pub job: JobId,
    /// The attempt's fence.
    pub fence: Fence,
    /// What to do.
    pub command: Command,
}

/// Answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartbeatReply {
    /// One for each lease that was named.
    pub leases: Vec<LeaseReply>,
    /// Claim nothing more.
    pub drain: bool,
}
