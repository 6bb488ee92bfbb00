//! `POST /api/v1/experiments`: parse, refuse with file, line and key, or write the experiment with all its runs and jobs.

use axum::extract::State;
use axum::http::StatusCode;
use mrprism_protocol::id::{ExperimentId, JobId, RunId};
use mrprism_protocol::spec::Bundle;
use mrprism_protocol::wire::ExperimentView;

use super::planning::{self, Planned, bundle_hash};
use crate::api::extract::Json;
use crate::db::experiment_queues::ExperimentQueue;
use crate::db::jobs::Placing;
use crate::error::ApiError;
use crate::queue::dedupe::{Submission, submission};
use crate::queue::order::head_start;
use crate::{App, db, entropy};

/// 201 where it is new, 200 where the same bundle is there already, 409 where another bundle has its name.
pub(in crate::api) async fn create(
    State(app): State<App>,
    Json(bundle): Json<Bundle>,
) -> Result<(StatusCode, Json<ExperimentView>), ApiError> {
    let hash = bundle_hash(&bundle)?;
    // Before resolving: the same submission stays the same experiment, whatever the workers hold today.
    if let Ok(file) = mrprism_protocol::spec::parse_toml::<mrprism_protocol::spec::ExperimentFile>(
        &bundle.experiment.file,
        &bundle.experiment.text,
    ) {
        let mut db = db::begin(&app.db).await?;
        let there = db::experiments::named(&mut db, &file.name).await?;
        if let Some(id) = there_already(&file.name, there, &hash)? {
            return Ok((StatusCode::OK, Json(view(&app, id).await?)));
        }
    }
    let planned = planning::plan(&app, &bundle).await?;
    let (status, id) = write(&app, &bundle, &hash, &planned).await?;
    app.queue_changed.say();
    Ok((status, Json(view(&app, id).await?)))
}

/// One transaction: the experiment with every run and job, or nothing.
async fn write(
    app: &App,
    bundle: &Bundle,
    hash: &str,
    planned: &Planned,
) -> Result<(StatusCode, ExperimentId), ApiError> {
    let file = &planned.resolved.file;
    let cells = &planned.resolved.cells;
    let experiment: ExperimentId = entropy::new_id();
    let runs: Vec<RunId> = cells.iter().map(|_| entropy::new_id()).collect();
    let jobs: Vec<(JobId, RunId)> = runs.iter().map(|run| (entropy::new_id(), *run)).collect();
    let mut db = db::begin(&app.db).await?;
    let made = db::experiments::create(
        &mut db,
        experiment,
        &file.name,
        &file.question,
        bundle,
        hash,
    )
    .await?;
    if !made {
        let there = db::experiments::named(&mut db, &file.name).await?;
        return there_already(&file.name, there, hash)?
            .map(|id| (StatusCode::OK, id))
            .ok_or_else(|| ApiError::Internal(format!("'{}' came and went", file.name)));
    }
    db::runs::create(
        &mut db,
        experiment,
        0,
        &runs,
        cells,
        &planned.fingerprints,
        &app.science_version,
    )
    .await?;
    db::experiment_queues::write(&mut db, experiment, &file.queue).await?;
    let waits = db::experiment_queues::lock(&mut db, experiment).await?;
    db::jobs::enqueue(&mut db, &jobs, &placing(waits)?).await?;
    db.commit().await?;
    tracing::info!(name = file.name, runs = runs.len(), "experiment submitted");
    Ok((StatusCode::CREATED, experiment))
}

/// How new jobs of an experiment wait; refused where they would be cancelled at once.
pub(in crate::api) fn placing(waits: ExperimentQueue) -> Result<Placing, ApiError> {
    if waits.overdue {
        return Err(ApiError::Conflict {
            kind: "mrprism:deadline-passed",
            detail: "the experiment's deadline has passed, and what is queued now would be cancelled at once: give another \
                     (`mrprism queue set EXPERIMENT --deadline TIME`) or none (`--no-deadline`)"
                .to_owned(),
        });
    }
    Ok(Placing {
        head_start: head_start(waits.queue.priority),
        queue: waits.queue,
        paused: waits.paused,
    })
}

/// The experiment that is there already under this name, if the submission is the same.
fn there_already(
    name: &str,
    there: Option<db::experiments::Named>,
    hash: &str,
) -> Result<Option<ExperimentId>, ApiError> {
    let there_hash = there.as_ref().map(|there| there.bundle_hash.as_str());
    match submission(there_hash, hash) {
        Submission::New => Ok(None),
        Submission::Again => Ok(there.map(|there| there.id)),
        Submission::NameTaken => Err(ApiError::Conflict {
            kind: "mrprism:name-taken",
            detail: format!(
                "an experiment '{name}' with other content is there already: `mrprism extend` adds this file's missing cells to it; for another experiment give another `name`"
            ),
        }),
    }
}

async fn view(app: &App, id: ExperimentId) -> Result<ExperimentView, ApiError> {
    Ok(db::experiments::view(&app.db, id).await?)
}
