//! `POST /api/v1/experiments/{id or name}/{pause, drain, resume}`. Twice is once.

use axum::extract::State;
use mrprism_protocol::wire::ExperimentView;

use crate::api::extract::{self, Json, Path};
use crate::api::wishing::fulfil;
use crate::domain::Wish;
use crate::error::ApiError;
use crate::{App, db};

type Answer = Result<Json<ExperimentView>, ApiError>;

/// Begins nothing more, and has what is at work write a checkpoint and come back.
pub(in crate::api) async fn pause(State(app): State<App>, Path(word): Path<String>) -> Answer {
    wish(&app, &word, Wish::Pause).await
}

/// Begins nothing more; what is at work goes on to its end.
pub(in crate::api) async fn drain(State(app): State<App>, Path(word): Path<String>) -> Answer {
    wish(&app, &word, Wish::Drain).await
}

/// Goes on, from the checkpoints.
pub(in crate::api) async fn resume(State(app): State<App>, Path(word): Path<String>) -> Answer {
    wish(&app, &word, Wish::Resume).await
}

async fn wish(app: &App, word: &str, wish: Wish) -> Answer {
    let id = extract::experiment(app, word).await?;
    let mut db = db::begin(&app.db).await?;
    // Before the jobs: one that is added meanwhile waits, and comes in as the experiment then is.
    db::experiment_queues::mark_paused(&mut db, id, wish != Wish::Resume).await?;
    let fulfilled = fulfil(&mut db, wish, Some(id), None).await?;
    db.commit().await?;
    if fulfilled.queued {
        app.queue_changed.say();
    }
    Ok(Json(db::experiments::view(&app.db, id).await?))
}
