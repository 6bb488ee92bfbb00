//! `GET /api/v1/runs/{id}/logs?after=N`: lines of all attempts, oldest first.

use axum::extract::State;
use mrprism_protocol::wire::LogPage;
use serde::Deserialize;

use super::show::find;
use crate::api::extract::{self, Json, Path, Query};
use crate::error::ApiError;
use crate::{App, db};

/// Most lines in one answer.
const MOST: i64 = 1000;

/// Where to read on.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct After {
    #[serde(default)]
    after: i64,
}

/// Reads a run's log.
pub(in crate::api) async fn logs(
    State(app): State<App>,
    Path(word): Path<String>,
    Query(after): Query<After>,
) -> Result<Json<LogPage>, ApiError> {
    let run = find(&app, extract::run(&word)?).await?.id;
    Ok(Json(
        db::events::logs(&app.db, run, after.after, MOST).await?,
    ))
}
