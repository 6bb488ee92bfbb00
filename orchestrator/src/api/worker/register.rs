//! `POST /api/v1/worker/register`: a worker process introduces itself.

use axum::extract::State;
use axum::http::StatusCode;
use mrprism_protocol::wire::Register;

use crate::api::extract::Json;
use crate::error::ApiError;
use crate::{App, db};

/// 204, or 409 where it was built from other sources than this server.
pub(in crate::api) async fn register(
    State(app): State<App>,
    Json(worker): Json<Register>,
) -> Result<StatusCode, ApiError> {
    if worker.science_version != *app.science_version {
        return Err(ApiError::Conflict {
            kind: "mrprism:science-version",
            detail: format!(
                "this worker was built from other sources ({}) than the server ({}), so their numbers would not compare: build both from the same revision",
                worker.science_version, app.science_version
            ),
        });
    }
    let mut db = db::begin(&app.db).await?;
    db::workers::register(&mut db, &worker).await?;
    db::datasets::hold(&mut db, worker.worker, &worker.datasets).await?;
    db.commit().await?;
    tracing::info!(worker = %worker.worker, host = worker.host, "worker registered");
    Ok(StatusCode::NO_CONTENT)
}
