//! `GET /api/v1/experiments/{id or name}/table`: what has come out so far.

use axum::extract::State;
use mrprism_protocol::wire::Table;

use crate::api::extract::{self, Json, Path};
use crate::error::ApiError;
use crate::{App, report};

/// Prints an experiment's table.
pub(in crate::api) async fn table(
    State(app): State<App>,
    Path(word): Path<String>,
) -> Result<Json<Table>, ApiError> {
    let id = extract::experiment(&app, &word).await?;
    let results = report::read(&app.db, id).await?;
    let table = tokio::task::spawn_blocking(move || mrprism_report::table::build(&results))
        .await
        .map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(Json(table))
}
