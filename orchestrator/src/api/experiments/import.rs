//! `POST /api/v1/experiments/import`: an export becomes an experiment whose runs have ended, whole or not at all.
//!
//! The body is `multipart/form-data` with the parts `experiment`, `scores` and `curves`: the files of an export. The same content
//! again is the same experiment; another content under its name is refused. Runs that were open when they were exported become
//! cancelled, so that no worker claims what somebody else may be working on.

use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use futures::stream;
use mrprism_protocol::id::{AttemptId, ExperimentId, JobId, WorkerId};
use mrprism_protocol::state::{ArtifactKind, AttemptOutcome, JobState};
use mrprism_protocol::wire::{ExportedRun, Imported};
use mrprism_report::export::{Export, Packed};

use super::planning::bundle_hash;
use crate::api::extract::Json;
use crate::db::Transaction;
use crate::db::imports::Import;
use crate::error::ApiError;
use crate::{App, db, entropy, report};

/// The name under which workers store it.
const PROVENANCE: &str = "provenance.json";

/// 201 where it is new, 200 where the same content is there already, 409 where another has its name or its runs.
pub(in crate::api) async fn import(
    State(app): State<App>,
    form: Multipart,
) -> Result<(StatusCode, Json<Imported>), ApiError> {
    let parts = Parts::of(form).await?;
    let (mut export, hash) = tokio::task::spawn_blocking(move || parts.read())
        .await
        .map_err(|error| ApiError::Internal(error.to_string()))??;
    let name = export.experiment.name.clone();
    if let Some(there) = there_already(&app, &name, &hash).await? {
        return answer(&app, StatusCode::OK, there).await;
    }
    if let Err(refusal) = refuse_known_runs(&app, &export).await {
        // Its runs may be known because the same export has come in since the name was looked up.
        return match there_already(&app, &name, &hash).await? {
            Some(there) => answer(&app, StatusCode::OK, there).await,
            None => Err(refusal),
        };
    }
    let notes = close(&mut export);
    let import = Import { hash, notes };
    let id: ExperimentId = entropy::new_id();
    if write(&app, id, &export, &import).await? {
        tracing::info!(
            name,
            runs = export.experiment.runs.len(),
            "experiment imported"
        );
        return answer(&app, StatusCode::CREATED, id).await;
    }
    // Somebody else was faster: their content is seen now.
    match there_already(&app, &name, &import.hash).await? {
        Some(there) => answer(&app, StatusCode::OK, there).await,
        None => Err(ApiError::Internal(format!("'{name}' came and went"))),
    }
}

/// The files of an export as they arrived.
#[derive(Default)]
struct Parts {
    experiment: Option<Bytes>,
    scores: Option<Bytes>,
    curves: Option<Bytes>,
}

impl Parts {
    async fn of(mut form: Multipart) -> Result<Self, ApiError> {
        let mut parts = Self::default();
        while let Some(field) = form
            .next_field()
            .await
            .map_err(|error| unreadable(&error))?
        {
            let place = match field.name().unwrap_or_default() {
                "experiment" => &mut parts.experiment,
                "scores" => &mut parts.scores,
                "curves" => &mut parts.curves,
                other => {
                    return Err(ApiError::Unprocessable(format!(
                        "an export has no part '{other}': send experiment, scores and curves"
                    )));
                }
            };
            *place = Some(field.bytes().await.map_err(|error| unreadable(&error))?);
        }
        Ok(parts)
    }

    fn read(self) -> Result<(Export, String), ApiError> {
        let (Some(experiment), Some(scores), Some(curves)) =
            (self.experiment, self.scores, self.curves)
        else {
            return Err(ApiError::Unprocessable(
                "a part is missing: send experiment, scores and curves".to_owned(),
            ));
        };
        let refuse =
            |fault: mrprism_report::export::ExportFault| ApiError::Unprocessable(fault.to_string());
        let packed = Packed {
            experiment: &experiment,
            scores: &scores,
            curves: &curves,
        };
        let export = Export::read(packed).map_err(refuse)?;
        let hash = export.hash().map_err(refuse)?;
        Ok((export, hash))
    }
}

fn unreadable(error: &MultipartError) -> ApiError {
    ApiError::Unreadable {
        status: error.status(),
        detail: format!("the form cannot be read: {}", error.body_text()),
    }
}

/// The experiment of this name, if its content is the same.
async fn there_already(
    app: &App,
    name: &str,
    hash: &str,
) -> Result<Option<ExperimentId>, ApiError> {
    let mut connection = app.db.acquire().await?;
    let Some(there) = db::experiments::named(&mut connection, name).await? else {
        return Ok(None);
    };
    drop(connection);
    let import = db::imports::of(&app.db, there.id).await?;
    if import.is_some_and(|import| import.hash == hash) {
        return Ok(Some(there.id));
    }
    // It may have been run here.
    let here = report::export(app, there.id).await?;
    let same = tokio::task::spawn_blocking(move || here.hash())
        .await
        .map_err(|error| ApiError::Internal(error.to_string()))?
        .map_err(|fault| ApiError::Internal(fault.to_string()))?;
    if same == hash {
        return Ok(Some(there.id));
    }
    Err(ApiError::Conflict {
        kind: "mrprism:name-taken",
        detail: format!(
            "an experiment '{name}' with other content is there already, and results are never rewritten: import on a server without it, \
             e.g. one of its own home (`mrprism --home DIR up --no-worker`)"
        ),
    })
}

async fn refuse_known_runs(app: &App, export: &Export) -> Result<(), ApiError> {
    let runs: Vec<_> = export.experiment.runs.iter().map(|run| run.id).collect();
    let owners = db::exports::owners(&app.db, &runs).await?;
    if owners.is_empty() {
        return Ok(());
    }
    Err(ApiError::Conflict {
        kind: "mrprism:runs-taken",
        detail: format!(
            "runs of this export are there already, in {}: the export was renamed; import it under the name it was exported with",
            owners.join(", ")
        ),
    })
}

/// Ends what was open, so that nothing of it can be claimed; says so.
fn close(export: &mut Export) -> Vec<String> {
    let mut open = Vec::new();
    for run in &mut export.experiment.runs {
        if run.state.is_terminal() {
            continue;
        }
        open.push(format!("{} seed {} ({})", run.arm, run.seed, run.state));
        for attempt in run.attempts.iter_mut().filter(|one| one.outcome.is_none()) {
            attempt.outcome = Some(AttemptOutcome::Cancelled);
            // When it ended nobody knows; it began at this time.
            attempt.ended_at = Some(attempt.started_at);
            attempt.message = Some(format!(
                "It was {} when it was exported: how it ended is not known here.",
                run.state
            ));
        }
        run.state = JobState::Cancelled;
    }
    if open.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "{} of {} runs were open when they were exported and are imported as cancelled: {}. Submit the study to run them.",
        open.len(),
        export.experiment.runs.len(),
        open.join(", ")
    )]
}

/// One transaction: the experiment with everything of it, or nothing; false where its name was taken meanwhile.
async fn write(
    app: &App,
    id: ExperimentId,
    export: &Export,
    import: &Import,
) -> Result<bool, ApiError> {
    let experiment = &export.experiment;
    let mut db = db::begin(&app.db).await?;
    let bundle_hash = bundle_hash(&experiment.bundle)?;
    if !db::imports::experiment(&mut db, id, experiment, &bundle_hash).await? {
        return Ok(false);
    }
    db::imports::runs(&mut db, id, &experiment.runs).await?;
    let worker: WorkerId = entropy::new_id();
    db::imports::worker(&mut db, worker).await?;
    let jobs: Vec<_> = experiment
        .runs
        .iter()
        .map(|run| (entropy::new_id::<JobId>(), run.id, run.state))
        .collect();
    db::imports::jobs(&mut db, &jobs).await?;
    for (run, (job, ..)) in experiment.runs.iter().zip(&jobs) {
        db::run_cases::create(&mut db, run.id, &run.patients).await?;
        let Some(last) = attempts(&mut db, run, *job, worker).await? else {
            continue;
        };
        let position = run.position as usize;
        db::imports::scores(&mut db, run.id, last, &export.scores[position]).await?;
        db::imports::curves(&mut db, last, &export.curves[position]).await?;
        if let Some(provenance) = &run.provenance {
            store(app, &mut db, run, last, provenance).await?;
        }
    }
    db::imports::note(&mut db, id, worker, import).await?;
    db.commit().await?;
    Ok(true)
}

/// Writes a run's attempts and says the last one, whose results they are.
async fn attempts(
    db: &mut Transaction,
    run: &ExportedRun,
    job: JobId,
    worker: WorkerId,
) -> Result<Option<AttemptId>, ApiError> {
    let mut last = None;
    for attempt in &run.attempts {
        let id: AttemptId = entropy::new_id();
        let nonce = entropy::new_id();
        db::imports::attempt(db, (id, job, run.id, worker), nonce, attempt).await?;
        last = Some(id);
    }
    Ok(last)
}

/// Stores a provenance as a worker's upload is stored.
async fn store(
    app: &App,
    db: &mut Transaction,
    run: &ExportedRun,
    attempt: AttemptId,
    provenance: &serde_json::Value,
) -> Result<(), ApiError> {
    let text = serde_json::to_vec_pretty(provenance)
        .map_err(|error| ApiError::Internal(error.to_string()))?;
    let content = stream::iter([Ok(Bytes::from(text))]);
    let stored = app.files.receive(content, None).await?;
    let hash = stored.hash.clone();
    db::artifacts::hold_blob(db, &hash, stored.size).await?;
    app.files.place(stored).await?;
    let kind = ArtifactKind::Provenance;
    db::artifacts::record(db, run.id, attempt, kind, PROVENANCE, &hash).await?;
    Ok(())
}

async fn answer(
    app: &App,
    status: StatusCode,
    id: ExperimentId,
) -> Result<(StatusCode, Json<Imported>), ApiError> {
    let import = db::imports::of(&app.db, id).await?;
    let answer = Imported {
        experiment: db::experiments::view(&app.db, id).await?,
        notes: import.map(|import| import.notes).unwrap_or_default(),
    };
    Ok((status, Json(answer)))
}
