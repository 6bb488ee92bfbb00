//! `POST /api/v1/worker/claim`: one short transaction a try; between tries the call waits to be woken.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use mrprism_protocol::id::AttemptId;
use mrprism_protocol::wire::{Claim, ClaimRequest};

use crate::api::extract::Json;
use crate::clock::Deadline;
use crate::db::attempts::Claimed;
use crate::db::workers::Asking;
use crate::db::{PgConnection, Transaction};
use crate::domain::{Candidate, Claimer};
use crate::error::ApiError;
use crate::queue::{match_worker, order};
use crate::{App, db, entropy};

/// Longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Between looks at the queue when nothing wakes the call.
const POLL: Duration = Duration::from_secs(1);
/// Candidates that one look locks at a time.
const HANDFUL: i64 = 8;

/// A job, or 204 when the wait is over.
pub(in crate::api) async fn claim(
    State(app): State<App>,
    Json(request): Json<ClaimRequest>,
) -> Result<Response, ApiError> {
    let wait = Duration::from_secs(request.wait_seconds.into()).min(LONGEST_WAIT);
    let deadline = Deadline::after(wait);
    let mut changes = app.queue_changed.subscribe();
    loop {
        changes.mark_unchanged();
        if let Some(claim) = try_claim(&app, &request).await? {
            tracing::info!(run = %claim.run, attempt = claim.attempt_number, worker = %request.worker, "claimed");
            return Ok(Json(claim).into_response());
        }
        if deadline.passed() {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        tokio::select! {
            () = app.shutdown.cancelled() => return Ok(StatusCode::NO_CONTENT.into_response()),
            _ = changes.changed() => {}
            () = tokio::time::sleep(deadline.remaining().min(POLL)) => {}
        }
    }
}

async fn try_claim(app: &App, request: &ClaimRequest) -> Result<Option<Claim>, ApiError> {
    let mut db = db::begin(&app.db).await?;
    let asking = db::workers::lock_claimer(
        &mut db,
        request.worker,
        request.device_kind,
        request.device_index,
    )
    .await?;
    let asking = match asking {
        Asking::UnknownWorker => {
            return Err(ApiError::NotFound(format!(
                "the server knows no worker {}: register first",
                request.worker
            )));
        }
        Asking::UnknownDevice => {
            return Err(ApiError::Unprocessable(format!(
                "worker {} has no device {} {}",
                request.worker, request.device_kind, request.device_index
            )));
        }
        asking => asking,
    };
    match db::attempts::by_nonce(&mut db, request.nonce).await? {
        Claimed::Live(attempt) => return hand_over(app, db, attempt).await.map(Some),
        Claimed::Ended => {
            return Err(ApiError::Conflict {
                kind: "mrprism:nonce-spent",
                detail: "what this nonce claimed has ended: claim with a new one".to_owned(),
            });
        }
        Claimed::Nothing => {}
    }
    let Asking::Free(claimer) = asking else {
        return Ok(None);
    };
    let Some(candidate) = choose(app, &mut db, &claimer).await? else {
        return Ok(None);
    };
    let attempt: AttemptId = entropy::new_id();
    db::attempts::create(
        &mut db,
        attempt,
        &candidate,
        &claimer,
        request.nonce,
        app.intervals.lease,
    )
    .await?;
    db::jobs::lease(&mut db, candidate.job).await?;
    hand_over(app, db, attempt).await.map(Some)
}

/// Locks handful after handful, in order of place, until the rules choose one or the queue is at its end.
async fn choose(
    app: &App,
    db: &mut PgConnection,
    claimer: &Claimer,
) -> Result<Option<Candidate>, ApiError> {
    let mut after = None;
    loop {
        let mut candidates =
            db::jobs::lock_candidates(db, claimer, after, app.intervals.lease, HANDFUL).await?;
        order::sort(&mut candidates);
        if let Some(chosen) = match_worker::choose(claimer, &candidates) {
            return Ok(Some(chosen.clone()));
        }
        match candidates.last() {
            Some(last) if candidates.len() as i64 == HANDFUL => {
                after = Some((last.place, last.job));
            }
            _ => return Ok(None),
        }
    }
}

async fn hand_over(app: &App, mut db: Transaction, attempt: AttemptId) -> Result<Claim, ApiError> {
    let claim = db::claims::of_attempt(
        &mut db,
        attempt,
        app.intervals.lease,
        app.intervals.heartbeat,
    )
    .await?;
    db.commit().await?;
    Ok(claim)
}
