//! `POST /api/v1/experiments/{id or name}/cancel`: ends what has not ended. Twice is once.

use axum::extract::State;
use mrprism_protocol::wire::ExperimentView;

use crate::api::extract::{self, Json, Path};
use crate::api::wishing::fulfil;
use crate::domain::Wish;
use crate::error::ApiError;
use crate::{App, db};

/// Cancels an experiment; one that has ended stays what it is.
pub(in crate::api) async fn cancel(
    State(app): State<App>,
    Path(word): Path<String>,
) -> Result<Json<ExperimentView>, ApiError> {
    let id = extract::experiment(&app, &word).await?;
    let mut db = db::begin(&app.db).await?;
    // The experiment before its jobs, as everybody locks them: extending it does both too.
    db::experiment_queues::lock(&mut db, id).await?;
    let fulfilled = fulfil(&mut db, Wish::Cancel, Some(id), None).await?;
    if fulfilled.open > 0 {
        db::experiments::mark_cancelled(&mut db, id).await?;
    }
    db.commit().await?;
    Ok(Json(db::experiments::view(&app.db, id).await?))
}
