//! `GET /api/v1/runs/{id}/artifacts`: the run's stored files.

use axum::extract::State;
use mrprism_protocol::state::ArtifactKind;
use mrprism_protocol::wire::ArtifactRef;
use serde::Serialize;

use super::show::find;
use crate::api::extract::{self, Json, Path};
use crate::error::ApiError;
use crate::{App, db};

/// A stored file with what it is.
#[derive(Debug, Clone, Serialize)]
pub(in crate::api) struct RunArtifact {
    kind: ArtifactKind,
    #[serde(flatten)]
    file: ArtifactRef,
}

/// Lists a run's files by kind and name.
pub(in crate::api) async fn artifacts(
    State(app): State<App>,
    Path(word): Path<String>,
) -> Result<Json<Vec<RunArtifact>>, ApiError> {
    let run = find(&app, extract::run(&word)?).await?.id;
    let files = db::artifacts::of_run(&app.db, run).await?;
    Ok(Json(
        files
            .into_iter()
            .map(|(kind, file)| RunArtifact { kind, file })
            .collect(),
    ))
}
