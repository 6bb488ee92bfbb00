//! `POST /api/v1/runs/{id}/retry`: a run that ended without success is queued again. Twice is once.

use axum::extract::State;
use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::{RetryRequest, RunView};

use super::show::find;
use crate::App;
use crate::api::extract::{self, Json, Path};
use crate::api::retrying;
use crate::error::ApiError;

/// Queues a run again; one that waits or is at work stays what it is, and one that has succeeded is refused.
pub(in crate::api) async fn retry(
    State(app): State<App>,
    Path(word): Path<String>,
    Json(request): Json<RetryRequest>,
) -> Result<Json<RunView>, ApiError> {
    let run = extract::run(&word)?;
    let view = find(&app, run).await?;
    if view.state == JobState::Succeeded {
        return Err(ApiError::Conflict {
            kind: "mrprism:has-succeeded",
            detail: format!("run {run} has succeeded: equal work is not repeated"),
        });
    }
    let request = RetryRequest {
        states: vec![JobState::Failed, JobState::Quarantined, JobState::Cancelled],
        ..request
    };
    let queued = retrying::again(&app, view.experiment, Some(run), &request).await?;
    if queued.other_science > 0 {
        return Err(ApiError::Conflict {
            kind: "mrprism:other-science",
            detail: format!(
                "run {run} is of another science version than this server's workers: none of them may run it; submit it as a new run"
            ),
        });
    }
    Ok(Json(find(&app, run).await?))
}
