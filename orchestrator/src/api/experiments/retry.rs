//! `POST /api/v1/experiments/{id or name}/retry`: what ended without success is queued again. Twice is once.

use axum::extract::State;
use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::{Retried, RetryRequest};

use crate::api::extract::{self, Json, Path};
use crate::api::retrying;
use crate::error::ApiError;
use crate::{App, db};

/// Queues an experiment's failed and quarantined runs again, or those in the states that are named.
pub(in crate::api) async fn retry(
    State(app): State<App>,
    Path(word): Path<String>,
    Json(request): Json<RetryRequest>,
) -> Result<Json<Retried>, ApiError> {
    let retryable = |state: &JobState| state.is_terminal() && *state != JobState::Succeeded;
    if let Some(state) = request.states.iter().find(|state| !retryable(state)) {
        return Err(ApiError::Unprocessable(format!(
            "a run that is {state} cannot be tried again: give some of failed, quarantined, cancelled"
        )));
    }
    let id = extract::experiment(&app, &word).await?;
    let queued = retrying::again(&app, id, None, &request).await?;
    Ok(Json(Retried {
        experiment: db::experiments::view(&app.db, id).await?,
        runs: queued.runs,
        from_checkpoint: queued.from_checkpoint,
        other_science: queued.other_science,
    }))
}
