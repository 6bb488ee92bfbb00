//! `GET /api/v1/workers`, `POST /api/v1/workers/{id}/{drain, undrain}`: who is there, and who is to take nothing more.

use axum::extract::State;
use axum::http::StatusCode;
use mrprism_protocol::wire::WorkerView;

use super::extract::{Json, Path};
use crate::error::ApiError;
use crate::{App, db};

/// Lists the workers that are there or hold a lease.
pub(super) async fn list(State(app): State<App>) -> Result<Json<Vec<WorkerView>>, ApiError> {
    Ok(Json(db::workers::list(&app.db, app.intervals.lease).await?))
}

/// Has a worker claim nothing more; what it works on goes on to its end.
pub(super) async fn drain(
    State(app): State<App>,
    Path(word): Path<String>,
) -> Result<StatusCode, ApiError> {
    set(&app, &word, true).await
}

/// Has it claim again.
pub(super) async fn undrain(
    State(app): State<App>,
    Path(word): Path<String>,
) -> Result<StatusCode, ApiError> {
    set(&app, &word, false).await
}

async fn set(app: &App, word: &str, draining: bool) -> Result<StatusCode, ApiError> {
    let unknown = || ApiError::NotFound(format!("there is no worker '{word}'"));
    let worker = word.parse().map_err(|_| unknown())?;
    if !db::workers::drain(&app.db, worker, draining).await? {
        return Err(unknown());
    }
    app.queue_changed.say();
    Ok(StatusCode::NO_CONTENT)
}
