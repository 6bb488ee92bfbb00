//! `POST /api/v1/runs/{id}/move`: puts a waiting run elsewhere in the queue.

use axum::extract::State;
use axum::http::StatusCode;
use mrprism_protocol::wire::Place;

use crate::api::extract::{self, Json, Path};
use crate::error::ApiError;
use crate::{App, db};

/// 204; 409 where the run does not wait.
pub(in crate::api) async fn place(
    State(app): State<App>,
    Path(word): Path<String>,
    Json(place): Json<Place>,
) -> Result<StatusCode, ApiError> {
    let run = extract::run(&word)?;
    let mut db = db::begin(&app.db).await?;
    if !db::places::put(&mut db, run, place).await? {
        return Err(ApiError::Conflict {
            kind: "mrprism:not-waiting",
            detail: "only a run that waits has a place in the queue, and only before another that waits: `mrprism queue` \
                     lists them"
                .to_owned(),
        });
    }
    db.commit().await?;
    app.queue_changed.say();
    Ok(StatusCode::NO_CONTENT)
}
