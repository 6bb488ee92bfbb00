//! `GET /api/v1/runs/{id}`: with its whole specification.

use axum::extract::State;
use mrprism_protocol::id::RunId;
use mrprism_protocol::wire::RunView;

use crate::api::extract::{self, Json, Path};
use crate::error::ApiError;
use crate::{App, db};

/// Shows one run.
pub(in crate::api) async fn show(
    State(app): State<App>,
    Path(word): Path<String>,
) -> Result<Json<RunView>, ApiError> {
    Ok(Json(find(&app, extract::run(&word)?).await?))
}

/// The run, or 404.
pub(in crate::api) async fn find(app: &App, run: RunId) -> Result<RunView, ApiError> {
    db::runs::view(&app.db, run)
        .await?
        .ok_or_else(|| extract::no_run(run))
}
