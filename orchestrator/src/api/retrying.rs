//! Trying again: a new training job for a run that ended without success.

use mrprism_protocol::id::{ExperimentId, JobId, RunId};
use mrprism_protocol::wire::RetryRequest;

use super::experiments::placing;
use crate::error::ApiError;
use crate::{App, db, entropy};

/// What was queued again.
#[derive(Debug, Default)]
pub(super) struct Queued {
    /// The runs, in order.
    pub(super) runs: Vec<RunId>,
    /// How many go on from a checkpoint.
    pub(super) from_checkpoint: u64,
    /// How many were left because they are of another science version.
    pub(super) other_science: u64,
}

/// Queues runs of an experiment again, or one of them; those whose state the request does not name stay. In one transaction,
/// under the experiment's lock: of two at once the second finds nothing left to do.
pub(super) async fn again(
    app: &App,
    experiment: ExperimentId,
    only: Option<RunId>,
    request: &RetryRequest,
) -> Result<Queued, ApiError> {
    let mut db = db::begin(&app.db).await?;
    let waits = db::experiment_queues::lock(&mut db, experiment).await?;
    let mut ended = db::retries::ended(&mut db, experiment, only).await?;
    ended.retain(|run| request.states.contains(&run.state));
    let found = ended.len();
    ended.retain(|run| run.science_version == *app.science_version);
    let mut queued = Queued {
        other_science: (found - ended.len()) as u64,
        ..Queued::default()
    };
    if ended.is_empty() {
        return Ok(queued);
    }
    for run in ended.iter().filter(|run| run.checkpoint) {
        if request.from_scratch {
            db::artifacts::forget_checkpoints(&mut db, run.run).await?;
        } else {
            queued.from_checkpoint += 1;
        }
    }
    queued.runs = ended.iter().map(|run| run.run).collect();
    let jobs: Vec<(JobId, RunId)> = queued
        .runs
        .iter()
        .map(|run| (entropy::new_id(), *run))
        .collect();
    db::jobs::enqueue(&mut db, &jobs, &placing(waits)?).await?;
    db::definitions::revive(&mut db, experiment).await?;
    db.commit().await?;
    app.queue_changed.say();
    Ok(queued)
}
