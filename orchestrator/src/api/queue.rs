//! `GET /api/v1/queue?pool=P`: what has not ended, in the order in which it will be served.

use axum::extract::State;
use mrprism_protocol::wire::QueuedJob;
use serde::Deserialize;

use crate::api::extract::{Json, Query};
use crate::error::ApiError;
use crate::{App, db};

/// Most jobs of one answer.
const MOST: i64 = 1000;

/// Which jobs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    pool: Option<String>,
}

/// The queue.
pub(super) async fn list(
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<Json<Vec<QueuedJob>>, ApiError> {
    let jobs = db::places::list(&app.db, which.pool.as_deref(), MOST).await?;
    Ok(Json(jobs))
}
