//! An experiment as its export says it.

use futures::TryStreamExt;
use mrprism_protocol::id::{ExperimentId, RunId};
use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::{ExportedExperiment, ExportedRun};
use mrprism_report::export::{Export, SCHEMA, without_hosts};

use super::read::{curves, scores};
use crate::artifact::StoreError;
use crate::{App, db};

/// Largest provenance that is read; what a worker writes has a few thousand bytes.
const PROVENANCE: usize = 1 << 20;

/// Why an export could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The store of files.
    #[error("the store of files failed")]
    Store(#[from] StoreError),
}

/// Everything of an experiment but its scores and curves.
///
/// # Errors
/// The database or the store of files cannot be read, or there is no such experiment.
pub async fn experiment(
    app: &App,
    id: ExperimentId,
    hosts: bool,
) -> Result<ExportedExperiment, ExportError> {
    let view = db::experiments::view(&app.db, id).await?;
    let (created_at, cancelled_at) = db::exports::times(&app.db, id).await?;
    // Attempts before runs: a run that ends in between is then said to be open with an attempt that is.
    let mut attempts = db::exports::attempts(&app.db, id).await?;
    let mut left = db::exports::left(&app.db, id).await?;
    let mut runs = Vec::new();
    for (position, facts) in db::runs::facts(&app.db, id).await?.into_iter().enumerate() {
        let left = left.remove(&facts.run).ok_or(sqlx::Error::RowNotFound)?;
        let provenance = match &left.provenance {
            Some(hash) => provenance(app, hash).await?,
            None => None,
        };
        runs.push(ExportedRun {
            id: facts.run,
            position: position as u32,
            arm: facts.arm,
            seed: facts.seed,
            fold: facts.fold,
            state: facts.state,
            fingerprint: left.fingerprint,
            science_version: facts.science_version,
            weights_hash: left.weights_hash,
            train_seconds: left.train_seconds,
            spec: facts.spec,
            patients: facts.patients,
            attempts: attempts.remove(&facts.run).unwrap_or_default(),
            provenance,
        });
    }
    let mut experiment = ExportedExperiment {
        schema: SCHEMA.to_owned(),
        name: view.name,
        question: view.question,
        created_at,
        cancelled_at,
        bundle: db::experiments::bundle(&app.db, id).await?,
        runs,
    };
    if !hosts {
        without_hosts(&mut experiment);
    }
    Ok(experiment)
}

/// Runs by position, with whether they have succeeded: only those have scores.
///
/// # Errors
/// The database cannot be reached.
pub async fn runs(app: &App, id: ExperimentId) -> Result<Vec<(RunId, bool)>, sqlx::Error> {
    let facts = db::runs::facts(&app.db, id).await?;
    let runs = facts.into_iter();
    Ok(runs
        .map(|facts| (facts.run, facts.state == JobState::Succeeded))
        .collect())
}

/// The whole export.
///
/// # Errors
/// As [`experiment`].
pub async fn export(app: &App, id: ExperimentId) -> Result<Export, ExportError> {
    let mut export = Export {
        experiment: experiment(app, id, false).await?,
        scores: Vec::new(),
        curves: Vec::new(),
    };
    for run in &export.experiment.runs {
        let succeeded = run.state == JobState::Succeeded;
        export.scores.push(if succeeded {
            scores(&app.db, run.id).await?
        } else {
            Vec::new()
        });
        export.curves.push(curves(&app.db, run.id).await?);
    }
    Ok(export)
}

/// A stored provenance; none where it is no JSON.
async fn provenance(app: &App, hash: &str) -> Result<Option<serde_json::Value>, StoreError> {
    let mut content = app.files.read(hash).await?;
    let mut text = Vec::new();
    while let Some(chunk) = content.try_next().await? {
        text.extend_from_slice(&chunk);
        if text.len() > PROVENANCE {
            return Ok(None);
        }
    }
    Ok(serde_json::from_slice(&text).ok())
}
