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
use crate::db::experiment_queues::AtWork;
use crate::db::workers::Asking;
use crate::db::{PgConnection, Transaction};
use crate::domain::{Candidate, Claimer};
use crate::error::ApiError;
use crate::queue::{match_worker, order, parallel};
use crate::{App, db, entropy};

/// Longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Between looks at the queue when nothing wakes the call.
const POLL: Duration = Duration::from_secs(1);
/// Candidates that a look locks at first. Mostly the first one fits, and what is locked is in the way of other claims.
const FIRST: i64 = 1;
/// And at a time from then on.
const HANDFUL: i64 = 8;
/// Between looks while another claim of an experiment with a limit is under way.
const BUSY: Duration = Duration::from_millis(10);

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
        let again_after = match try_claim(&app, &request).await? {
            Tried::Claimed(claim) => {
                tracing::info!(run = %claim.run, attempt = claim.attempt_number, worker = %request.worker, "claimed");
                return Ok(Json(claim).into_response());
            }
            Tried::Nothing => POLL,
            Tried::Busy => BUSY,
        };
        if deadline.passed() {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        tokio::select! {
            () = app.shutdown.cancelled() => return Ok(StatusCode::NO_CONTENT.into_response()),
            _ = changes.changed() => {}
            () = tokio::time::sleep(deadline.remaining().min(again_after)) => {}
        }
    }
}

/// What one try came to.
enum Tried {
    /// A lease.
    Claimed(Box<Claim>),
    /// Nothing is there for the device.
    Nothing,
    /// Look again at once.
    Busy,
}

async fn try_claim(app: &App, request: &ClaimRequest) -> Result<Tried, ApiError> {
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
        Claimed::Live(attempt) => return hand_over(app, db, attempt).await,
        Claimed::Ended => {
            return Err(ApiError::Conflict {
                kind: "mrprism:nonce-spent",
                detail: "what this nonce claimed has ended: claim with a new one".to_owned(),
            });
        }
        Claimed::Nothing => {}
    }
    let Asking::Free(claimer) = asking else {
        return Ok(Tried::Nothing);
    };
    let found = choose(app, &mut db, &claimer).await?;
    let Found::Job(candidate) = found else {
        // Now, and not whenever the connection is next used: another claim passes over what is still locked.
        db.rollback().await?;
        return Ok(match found {
            Found::Busy => Tried::Busy,
            _ => Tried::Nothing,
        });
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
    hand_over(app, db, attempt).await
}

/// What a look at the queue found.
enum Found {
    /// A job for the device.
    Job(Box<Candidate>),
    /// Nothing.
    Nothing,
    /// Nothing, but another claim of an experiment with a limit was under way: look again at once.
    Busy,
}

/// Locks one candidate, then handful after handful, in order of place, until the rules choose one or the queue is at its end.
async fn choose(app: &App, db: &mut PgConnection, claimer: &Claimer) -> Result<Found, ApiError> {
    let mut after = None;
    let mut busy = false;
    let mut limit = FIRST;
    loop {
        let mut candidates =
            db::jobs::lock_candidates(db, claimer, after, app.intervals.lease, limit).await?;
        order::sort(&mut candidates);
        for candidate in match_worker::fitting(claimer, &candidates) {
            let Some((experiment, most)) = candidate.limit else {
                return Ok(Found::Job(Box::new(candidate.clone())));
            };
            match db::experiment_queues::count_at_work(db, experiment).await? {
                AtWork::Counted(at_work) if parallel::has_room(at_work, most) => {
                    return Ok(Found::Job(Box::new(candidate.clone())));
                }
                AtWork::Counted(_) => {}
                AtWork::Busy => busy = true,
            }
        }
        match candidates.last() {
            Some(last) if candidates.len() as i64 == limit => {
                after = Some((last.place, last.job));
                limit = HANDFUL;
            }
            _ if busy => return Ok(Found::Busy),
            _ => return Ok(Found::Nothing),
        }
    }
}

async fn hand_over(app: &App, mut db: Transaction, attempt: AttemptId) -> Result<Tried, ApiError> {
    let claim = db::claims::of_attempt(
        &mut db,
        attempt,
        app.intervals.lease,
        app.intervals.heartbeat,
    )
    .await?;
    db.commit().await?;
    Ok(Tried::Claimed(Box::new(claim)))
}
