//! `POST /api/v1/worker/heartbeat`: renews leases and brings commands back.

use std::collections::BTreeMap;

use axum::extract::State;
use mrprism_protocol::wire::{Heartbeat, HeartbeatReply, LeaseReply};

use crate::api::extract::Json;
use crate::error::ApiError;
use crate::queue::lease::{Found, command};
use crate::{App, db};

/// 404 where the worker is unknown.
pub(in crate::api) async fn heartbeat(
    State(app): State<App>,
    Json(beat): Json<Heartbeat>,
) -> Result<Json<HeartbeatReply>, ApiError> {
    let named: Vec<_> = beat
        .leases
        .iter()
        .map(|lease| (lease.job, lease.fence))
        .collect();
    let mut db = db::begin(&app.db).await?;
    let seen = db::workers::seen(&mut db, beat.worker)
        .await?
        .ok_or_else(|| {
            ApiError::NotFound(format!(
                "the server knows no worker {}: register again",
                beat.worker
            ))
        })?;
    if let Some(datasets) = &beat.datasets {
        db::datasets::hold(&mut db, beat.worker, datasets).await?;
    }
    let renewed = db::attempts::renew(&mut db, beat.worker.0, &named, app.intervals.lease).await?;
    db.commit().await?;
    if beat.datasets.is_some() {
        app.queue_changed.say();
    }
    let renewed: BTreeMap<_, _> = renewed
        .into_iter()
        .map(|lease| ((lease.job, lease.fence), lease.asked))
        .collect();
    let leases = named
        .into_iter()
        .map(|(job, fence)| {
            let found = renewed
                .get(&(job, fence))
                .map_or(Found::Gone, |asked| Found::Live { asked: *asked });
            LeaseReply {
                job,
                fence,
                command: command(found),
            }
        })
        .collect();
    Ok(Json(HeartbeatReply {
        leases,
        drain: seen.draining,
    }))
}
