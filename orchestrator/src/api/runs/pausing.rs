//! `POST /api/v1/runs/{id}/{pause, resume}`. Twice is once.

use axum::extract::State;
use mrprism_protocol::wire::RunView;

use super::show::find;
use crate::api::extract::{self, Json, Path};
use crate::api::wishing::fulfil;
use crate::domain::Wish;
use crate::error::ApiError;
use crate::{App, db};

type Answer = Result<Json<RunView>, ApiError>;

/// Stops the run at a checkpoint, or keeps it from beginning.
pub(in crate::api) async fn pause(State(app): State<App>, Path(word): Path<String>) -> Answer {
    wish(&app, &word, Wish::Pause).await
}

/// Lets it go on.
pub(in crate::api) async fn resume(State(app): State<App>, Path(word): Path<String>) -> Answer {
    wish(&app, &word, Wish::Resume).await
}

async fn wish(app: &App, word: &str, wish: Wish) -> Answer {
    let run = extract::run(word)?;
    let mut db = db::begin(&app.db).await?;
    let fulfilled = fulfil(&mut db, wish, None, Some(run)).await?;
    db.commit().await?;
    if fulfilled.queued {
        app.queue_changed.say();
    }
    Ok(Json(find(app, run).await?))
}
