//! `GET /api/v1/experiments/{id or name}`.

use axum::extract::State;
use mrprism_protocol::wire::ExperimentView;

use crate::api::extract::{self, Json, Path};
use crate::error::ApiError;
use crate::{App, db};

/// Shows one experiment.
pub(in crate::api) async fn show(
    State(app): State<App>,
    Path(word): Path<String>,
) -> Result<Json<ExperimentView>, ApiError> {
    let id = extract::experiment(&app, &word).await?;
    Ok(Json(db::experiments::view(&app.db, id).await?))
}
