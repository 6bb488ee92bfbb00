//! `GET /api/v1/snapshots`, newest first, and `GET /api/v1/snapshots/{name}`, with its table.

use axum::extract::State;
use mrprism_protocol::wire::{Snapshot, SnapshotView};

use super::extract::{Json, Path};
use crate::error::ApiError;
use crate::{App, db};

/// Lists snapshots.
pub(super) async fn list(State(app): State<App>) -> Result<Json<Vec<SnapshotView>>, ApiError> {
    Ok(Json(db::snapshots::list(&app.db).await?))
}

/// Shows one.
pub(super) async fn show(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<Snapshot>, ApiError> {
    let (view, content) = db::snapshots::named(&app.db, &name)
        .await?
        .ok_or_else(|| ApiError::NotFound(format!("there is no snapshot '{name}'")))?;
    let table = serde_json::from_str(&content).map_err(|error| {
        ApiError::Internal(format!("snapshot '{name}' holds no table: {error}"))
    })?;
    Ok(Json(Snapshot { view, table }))
}
