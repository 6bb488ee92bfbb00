//! `GET /api/v1/runs/{id}/metrics?series=S`: one curve a series.

use axum::extract::State;
use mrprism_protocol::wire::Curve;
use serde::Deserialize;

use super::show::find;
use crate::api::extract::{self, Json, Path, Query};
use crate::error::ApiError;
use crate::{App, db};

/// Which curve.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Wanted {
    series: Option<String>,
}

/// Reads a run's curves, all of them where none is named.
pub(in crate::api) async fn metrics(
    State(app): State<App>,
    Path(word): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<Curve>>, ApiError> {
    let run = find(&app, extract::run(&word)?).await?.id;
    let curves = db::metric_points::curves(&app.db, run, wanted.series.as_deref()).await?;
    Ok(Json(curves))
}
