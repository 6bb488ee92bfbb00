//! `POST /api/v1/worker/events`: stores what an attempt reports, in one round trip; twice is once.

use axum::extract::State;
use mrprism_protocol::wire::{EventBatch, EventsReply};

use super::columns;
use crate::api::extract::Json;
use crate::error::ApiError;
use crate::{App, db};

/// 409 where the lease is gone, 422 where a value makes no sense; nothing is stored then.
pub(in crate::api) async fn events(
    State(app): State<App>,
    Json(batch): Json<EventBatch>,
) -> Result<Json<EventsReply>, ApiError> {
    let EventBatch { job, fence, events } = batch;
    let columns = columns::sort(events).map_err(ApiError::Unprocessable)?;
    let stored = db::events::store(&app.db, job, fence, &columns)
        .await?
        .ok_or(ApiError::LeaseLost { job, fence })?;
    Ok(Json(EventsReply {
        stored_through: stored as u64,
    }))
}
