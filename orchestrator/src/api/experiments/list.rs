//! `GET /api/v1/experiments`: newest first.

use axum::extract::State;
use mrprism_protocol::wire::ExperimentView;

use crate::api::extract::Json;
use crate::error::ApiError;
use crate::{App, db};

/// Most experiments in one answer.
const MOST: i64 = 1000;

/// Lists experiments.
pub(in crate::api) async fn list(
    State(app): State<App>,
) -> Result<Json<Vec<ExperimentView>>, ApiError> {
    Ok(Json(db::experiments::newest(&app.db, MOST).await?))
}
