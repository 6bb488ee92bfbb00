//! `GET /api/v1/datasets`: what workers hold, or last held, one card a name.

use axum::extract::State;
use mrprism_protocol::spec::DatasetCard;

use super::extract::Json;
use crate::error::ApiError;
use crate::{App, db};

/// Lists the data sets that an experiment may name.
pub(super) async fn list(State(app): State<App>) -> Result<Json<Vec<DatasetCard>>, ApiError> {
    Ok(Json(db::datasets::list(&app.db).await?))
}
