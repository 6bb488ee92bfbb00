//! `POST /api/v1/experiments/{id or name}/score`: scores stored predictions again, with other references or metrics or with newer
//! code, and trains nothing.

use axum::extract::State;
use mrprism_protocol::spec::EvaluationSpec;
use mrprism_protocol::wire::{ScoreQueued, ScoreRequest};
use mrprism_report::RunFacts;

use crate::api::experiments::create::placing;
use crate::api::extract::{self, Json, Path};
use crate::db::scorings::Scoring;
use crate::error::ApiError;
use crate::{App, db, entropy};

/// Queues a job for each run that has succeeded, or may yet.
pub(in crate::api) async fn score(
    State(app): State<App>,
    Path(word): Path<String>,
    Json(request): Json<ScoreRequest>,
) -> Result<Json<ScoreQueued>, ApiError> {
    refuse_doubles(&request)?;
    let id = extract::experiment(&app, &word).await?;
    let runs = db::runs::facts(&app.db, id).await?;
    let scorings: Vec<Scoring> = runs
        .iter()
        .map(|run| scoring(run, &request))
        .collect::<Result<_, _>>()?;
    let mut db = db::begin(&app.db).await?;
    let waits = db::experiment_queues::lock(&mut db, id).await?;
    db::scorings::hold_trainings(&mut db, &scorings).await?;
    let placing = placing(waits)?;
    let queued = db::scorings::enqueue(&mut db, &scorings, &placing, request.when_trained).await?;
    db.commit().await?;
    if !queued.jobs.is_empty() {
        app.queue_changed.say();
    }
    Ok(Json(ScoreQueued {
        jobs: queued.jobs,
        without_result: queued.without_result,
        under_way: queued.under_way,
    }))
}

/// A list that names something twice is a mistake of its author's, as in a specification.
fn refuse_doubles(request: &ScoreRequest) -> Result<(), ApiError> {
    let double = |words: Vec<&str>| {
        let mut seen = std::collections::BTreeSet::new();
        words
            .into_iter()
            .find(|word| !seen.insert(*word))
            .map(str::to_owned)
    };
    let references = request.references.iter().map(|family| family.as_str());
    let metrics = request.metrics.iter().map(|metric| metric.as_str());
    match double(references.collect()).or_else(|| double(metrics.collect())) {
        Some(word) => Err(ApiError::Unprocessable(format!(
            "'{word}' is named twice: name it once"
        ))),
        None => Ok(()),
    }
}

/// How many recurrences there are was decided when they were predicted; fusions stay what the run asked for.
fn scoring(run: &RunFacts, request: &ScoreRequest) -> Result<Scoring, ApiError> {
    let own = &run.spec.evaluation;
    let chosen = EvaluationSpec {
        references: or(&request.references, &own.references),
        metrics: or(&request.metrics, &own.metrics),
        ..own.clone()
    };
    Ok(Scoring {
        job: entropy::new_id(),
        run: run.run,
        evaluation: serde_json::to_value(chosen)
            .map_err(|error| ApiError::Internal(error.to_string()))?,
    })
}

fn or<T: Clone>(asked: &[T], own: &[T]) -> Vec<T> {
    if asked.is_empty() { own } else { asked }.to_vec()
}
