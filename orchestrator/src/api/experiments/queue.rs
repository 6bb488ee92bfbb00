//! `GET` and `PUT /api/v1/experiments/{id or name}/queue`: where and how urgently an experiment's runs wait.

use axum::extract::State;
use mrprism_protocol::id::ExperimentId;
use mrprism_protocol::spec::QueueFile;

use crate::api::extract::{self, Json, Path};
use crate::error::ApiError;
use crate::queue::order::head_start;
use crate::{App, db};

/// What holds now.
pub(in crate::api) async fn show(
    State(app): State<App>,
    Path(word): Path<String>,
) -> Result<Json<QueueFile>, ApiError> {
    let id = extract::experiment(&app, &word).await?;
    let mut db = db::begin(&app.db).await?;
    let waits = db::experiment_queues::lock(&mut db, id).await?;
    Ok(Json(waits.queue))
}

/// Changes it, for the runs that have not ended and those to come. What is at work goes on; it would wait anew as this says.
pub(in crate::api) async fn change(
    State(app): State<App>,
    Path(word): Path<String>,
    Json(queue): Json<QueueFile>,
) -> Result<Json<QueueFile>, ApiError> {
    if let Some((key, message)) = queue.faults().first() {
        return Err(ApiError::Unprocessable(format!("`{key}`: {message}")));
    }
    let id = extract::experiment(&app, &word).await?;
    let mut db = db::begin(&app.db).await?;
    db::experiment_queues::lock(&mut db, id).await?;
    requeue(&mut db, id, &queue).await?;
    db.commit().await?;
    app.queue_changed.say();
    Ok(Json(queue))
}

/// Has a locked experiment wait as `queue` says, with its open jobs.
pub(super) async fn requeue(
    db: &mut db::PgConnection,
    id: ExperimentId,
    queue: &QueueFile,
) -> Result<(), ApiError> {
    db::experiment_queues::write(&mut *db, id, queue).await?;
    let ahead = head_start(1).as_seconds_f64();
    db::experiment_queues::apply(db, id, queue, ahead).await?;
    Ok(())
}
