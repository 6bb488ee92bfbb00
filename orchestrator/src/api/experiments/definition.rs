//! `GET /api/v1/experiments/{id or name}/definition`: the bundle it has now, and when it had others.

use axum::extract::State;
use mrprism_protocol::wire::Definition;

use crate::api::extract::{self, Json, Path};
use crate::error::ApiError;
use crate::{App, db};

/// Shows an experiment's definition.
pub(in crate::api) async fn definition(
    State(app): State<App>,
    Path(word): Path<String>,
) -> Result<Json<Definition>, ApiError> {
    let id = extract::experiment(&app, &word).await?;
    let mut db = db::begin(&app.db).await?;
    let current = db::definitions::current(&mut db, id).await?;
    Ok(Json(Definition {
        hash: current.hash,
        bundle: current.bundle,
        earlier: db::definitions::earlier(&app.db, id).await?,
    }))
}
