//! `POST /api/v1/worker/finish`: ends an attempt. Repeating it changes nothing; 409 where the fence is old.

use serde::{Deserialize, Serialize};

use crate::id::{Fence, JobId};
use crate::state::AttemptOutcome;

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finish {
    /// The job.
    pub job: JobId,
    /// The attempt's fence.
    pub fence: Fence,
    /// How it ended; `lost` is the server's word and refused here.
    pub outcome: AttemptOutcome,
    /// For people: the error and what to do about it.
    pub message: Option<String>,
    /// BLAKE3 over the final weights, where training ended.
    pub weights_hash: Option<String>,
    /// Seconds of training, without waiting and set-up.
    pub train_seconds: Option<f64>,
}
