//! `PUT /api/v1/worker/jobs/{job}/artifacts/{kind}/{name}?fence=N[&hash=H]`: stores a file of a live attempt's run.
//!
//! The fence is checked before the content is read and, under lock, again when the file is recorded: an upload that
//! outlasts its lease records nothing. Where `hash` is given, a content with another BLAKE3 is refused.

use axum::body::{Body, BodyDataStream};
use axum::extract::State;
use axum::http::StatusCode;
use futures::StreamExt;
use mrprism_protocol::id::{Fence, JobId};
use mrprism_protocol::state::ArtifactKind;
use mrprism_protocol::wire::ArtifactRef;
use serde::Deserialize;

use crate::api::extract::{Json, Path, Query};
use crate::artifact::{ArtifactName, Stored};
use crate::error::ApiError;
use crate::{App, db};

/// Whose file it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Given {
    fence: Fence,
    hash: Option<String>,
}

/// Takes a file in.
pub(in crate::api) async fn put(
    State(app): State<App>,
    Path((job, kind, name)): Path<(JobId, String, String)>,
    Query(given): Query<Given>,
    body: Body,
) -> Result<(StatusCode, Json<ArtifactRef>), ApiError> {
    let mut content = body.into_data_stream();
    let wanted = wanted(&app, job, given.fence, &kind, &name).await;
    let (kind, name) = match wanted {
        Ok(wanted) => wanted,
        Err(error) => {
            drain(content).await;
            return Err(error);
        }
    };
    let stored = app
        .files
        .receive(&mut content, given.hash.as_deref())
        .await?;
    let file = record(&app, (job, given.fence), kind, &name, stored).await?;
    Ok((StatusCode::CREATED, Json(file)))
}

/// Refuses a name, a kind or a lease before the content is read.
async fn wanted(
    app: &App,
    job: JobId,
    fence: Fence,
    kind: &str,
    name: &str,
) -> Result<(ArtifactKind, ArtifactName), ApiError> {
    let refuse = |error: &dyn std::error::Error| ApiError::Unprocessable(error.to_string());
    let kind: ArtifactKind = kind.parse().map_err(|error| refuse(&error))?;
    let name = ArtifactName::parse(name).map_err(|error| refuse(&error))?;
    db::attempts::live_run(&app.db, job, fence)
        .await?
        .ok_or(ApiError::LeaseLost { job, fence })?;
    Ok((kind, name))
}

/// Reads a refused content to its end: most clients hear of a refusal only after they have sent everything.
async fn drain(mut content: BodyDataStream) {
    while let Some(Ok(_)) = content.next().await {}
}

async fn record(
    app: &App,
    (job, fence): (JobId, Fence),
    kind: ArtifactKind,
    name: &ArtifactName,
    stored: Stored,
) -> Result<ArtifactRef, ApiError> {
    let mut db = db::begin(&app.db).await?;
    let Some(live) = db::attempts::lock_live(&mut db, job, fence).await? else {
        return Err(ApiError::LeaseLost { job, fence });
    };
    let file = ArtifactRef {
        hash: stored.hash.clone(),
        size: stored.size,
        name: name.as_str().to_owned(),
    };
    // The row is locked before the bytes are placed, so that pruning never takes bytes that a row stands for.
    db::artifacts::hold_blob(&mut db, &file.hash, file.size).await?;
    app.files.place(stored).await?;
    db::artifacts::record(
        &mut db,
        live.run,
        live.attempt,
        kind,
        name.as_str(),
        &file.hash,
    )
    .await?;
    db.commit().await?;
    Ok(file)
}
