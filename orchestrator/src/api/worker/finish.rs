//! `POST /api/v1/worker/finish`: ends an attempt and decides what becomes of its job.

use axum::extract::State;
use axum::http::StatusCode;
use mrprism_protocol::state::{AttemptOutcome, JobKind};
use mrprism_protocol::wire::Finish;

use crate::api::extract::Json;
use crate::domain::Ending;
use crate::error::ApiError;
use crate::queue::retry;
use crate::{App, db, entropy};

/// 204, also when it is repeated; 409 where the lease is gone.
pub(in crate::api) async fn finish(
    State(app): State<App>,
    Json(finish): Json<Finish>,
) -> Result<StatusCode, ApiError> {
    let Finish { job, fence, .. } = finish;
    let ending = ending(finish)?;
    let mut db = db::begin(&app.db).await?;
    let Some(live) = db::attempts::lock_live(&mut db, job, fence).await? else {
        let outcome = db::attempts::outcome(&mut db, job, fence).await?;
        return if outcome == Some(ending.outcome) {
            Ok(StatusCode::NO_CONTENT)
        } else {
            Err(ApiError::LeaseLost { job, fence })
        };
    };
    let next = retry::next(ending.outcome, &live.history, entropy::jitter());
    db::attempts::end(&mut db, live.attempt, &ending).await?;
    let claimable = db::jobs::settle(&mut db, &live, next).await?;
    if ending.outcome == AttemptOutcome::Succeeded && live.kind == JobKind::Train {
        let hash = ending.weights_hash.as_deref();
        db::runs::trained(&mut db, live.run, hash, ending.train_seconds).await?;
        db::artifacts::forget_checkpoints(&mut db, live.run).await?;
    }
    db.commit().await?;
    tracing::info!(run = %live.run, outcome = %ending.outcome, "attempt ended");
    if claimable {
        app.queue_changed.say();
    }
    Ok(StatusCode::NO_CONTENT)
}

fn ending(finish: Finish) -> Result<Ending, ApiError> {
    if finish.outcome == AttemptOutcome::Lost {
        return Err(ApiError::Unprocessable(
            "`lost` is the server's word: say how the attempt ended".to_owned(),
        ));
    }
    if finish
        .train_seconds
        .is_some_and(|seconds| !seconds.is_finite() || seconds < 0.0)
    {
        return Err(ApiError::Unprocessable(
            "train_seconds must be a number of 0 or more".to_owned(),
        ));
    }
    Ok(Ending {
        outcome: finish.outcome,
        message: finish.message.map(|text| text.replace('\0', "\u{fffd}")),
        weights_hash: finish.weights_hash,
        train_seconds: finish.train_seconds,
    })
}
