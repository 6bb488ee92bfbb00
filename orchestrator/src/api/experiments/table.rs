//! `GET /api/v1/experiments/{id or name}/table`: what has come out so far.

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::api::extract::{self, Path};
use crate::error::ApiError;

/// Prints an experiment's table.
pub(in crate::api) async fn table(
    State(app): State<App>,
    Path(word): Path<String>,
) -> Result<Response, ApiError> {
    let id = extract::experiment(&app, &word).await?;
    let table = app.tables.of(&app.db, id).await?;
    Ok(axum::Json(&*table).into_response())
}
