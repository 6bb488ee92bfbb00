//! `POST /api/v1/runs/{id}/cancel`: ends the run's open job. Twice is once.

use axum::extract::State;
use mrprism_protocol::wire::RunView;

use super::show::find;
use crate::api::extract::{self, Json, Path};
use crate::api::wishing::fulfil;
use crate::domain::Wish;
use crate::error::ApiError;
use crate::{App, db};

/// Cancels a run; one that has ended stays what it is.
pub(in crate::api) async fn cancel(
    State(app): State<App>,
    Path(word): Path<String>,
) -> Result<Json<RunView>, ApiError> {
    let run = extract::run(&word)?;
    let mut db = db::begin(&app.db).await?;
    fulfil(&mut db, Wish::Cancel, None, Some(run)).await?;
    db.commit().await?;
    Ok(Json(find(&app, run).await?))
}
