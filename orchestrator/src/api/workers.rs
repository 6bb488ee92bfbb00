//! `GET /api/v1/workers`: who is there.

use axum::extract::State;
use mrprism_protocol::wire::WorkerView;

use super::extract::Json;
use crate::error::ApiError;
use crate::{App, db};

/// Lists the workers that are there or hold a lease.
pub(super) async fn list(State(app): State<App>) -> Result<Json<Vec<WorkerView>>, ApiError> {
    Ok(Json(db::workers::list(&app.db, app.intervals.lease).await?))
}
