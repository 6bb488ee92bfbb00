//! `GET /api/v1/status`: everything at a glance.

use axum::extract::State;
use mrprism_protocol::wire::StatusView;

use super::extract::Json;
use crate::error::ApiError;
use crate::{App, db};

/// Newest experiments that are shown.
const EXPERIMENTS: i64 = 20;

/// Jobs by state, live workers, newest experiments.
pub(super) async fn status(State(app): State<App>) -> Result<Json<StatusView>, ApiError> {
    let workers = db::workers::list(&app.db, app.intervals.lease).await?;
    Ok(Json(StatusView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        jobs: db::jobs::counts(&app.db).await?,
        workers: workers.into_iter().filter(|worker| worker.live).collect(),
        experiments: db::experiments::newest(&app.db, EXPERIMENTS).await?,
        leases_expired_total: db::counters::read(&app.db, db::counters::LEASES_EXPIRED).await?,
    }))
}
