//! `GET /api/v1/experiments/{id or name}/runs`: in the experiment's own order.

use axum::extract::State;
use mrprism_protocol::wire::RunView;

use crate::api::extract::{self, Json, Path};
use crate::error::ApiError;
use crate::{App, db};

/// Lists an experiment's runs.
pub(in crate::api) async fn runs(
    State(app): State<App>,
    Path(word): Path<String>,
) -> Result<Json<Vec<RunView>>, ApiError> {
    let id = extract::experiment(&app, &word).await?;
    Ok(Json(db::runs::of_experiment(&app.db, id).await?))
}
