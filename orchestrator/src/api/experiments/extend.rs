//! `POST /api/v1/experiments/{id or name}/extend`: the file's cells that are missing become runs. Twice is once.

use axum::extract::State;
use mrprism_protocol::id::{ExperimentId, JobId, RunId};
use mrprism_protocol::spec::{Bundle, Cell};
use mrprism_protocol::wire::{CellState, Extended};

use super::create::placing;
use super::planning::{self, Compared, Planned, bundle_hash};
use super::queue::requeue;
use crate::api::extract::{self, Json, Path};
use crate::error::ApiError;
use crate::{App, db, entropy};

/// Cells that differ which a refusal names.
const NAMED: usize = 5;

/// Adds the missing cells, or says 409 where a cell that is there has another specification.
pub(in crate::api) async fn extend(
    State(app): State<App>,
    Path(word): Path<String>,
    Json(bundle): Json<Bundle>,
) -> Result<Json<Extended>, ApiError> {
    let id = extract::experiment(&app, &word).await?;
    let hash = bundle_hash(&bundle)?;
    if let Some(unchanged) = unchanged(&app, id, &hash).await? {
        return Ok(Json(unchanged));
    }
    let planned = planning::plan(&app, &bundle).await?;
    let mut db = db::begin(&app.db).await?;
    // One extension at a time: the next one sees what this one added.
    db::experiment_queues::lock(&mut db, id).await?;
    let current = db::definitions::current(&mut db, id).await?;
    let file = &planned.resolved.file;
    if file.name != current.name {
        return Err(ApiError::Unprocessable(format!(
            "the file is called '{}' and the experiment '{}': extend it by a file of its own name, or submit this one",
            file.name, current.name
        )));
    }
    let compared = planning::compare(&mut db, &bundle, &planned, id).await?;
    if let Some(refusal) = differing(&planned.resolved.cells, &compared) {
        return Err(refusal);
    }
    if planning::says_another_queue(&current.bundle, file) {
        requeue(&mut db, id, &file.queue).await?;
    }
    let added = add(&app, &mut db, id, &planned, &compared).await?;
    let redefined = current.hash != hash;
    if redefined {
        db::definitions::supersede(&mut db, id, &file.question, &bundle, &hash).await?;
    }
    db.commit().await?;
    app.queue_changed.say();
    tracing::info!(name = file.name, added, "experiment extended");
    Ok(Json(Extended {
        experiment: db::experiments::view(&app.db, id).await?,
        added,
        there: compared.states.len() as u64 - added,
        unnamed: compared.unnamed,
        redefined,
    }))
}

/// What to say of the definition that it has already: it adds nothing, whatever the workers hold today.
async fn unchanged(app: &App, id: ExperimentId, hash: &str) -> Result<Option<Extended>, ApiError> {
    let mut db = db::begin(&app.db).await?;
    if db::definitions::current(&mut db, id).await?.hash != hash {
        return Ok(None);
    }
    drop(db);
    let experiment = db::experiments::view(&app.db, id).await?;
    Ok(Some(Extended {
        added: 0,
        there: experiment.runs.values().sum(),
        unnamed: 0,
        redefined: false,
        experiment,
    }))
}

/// The refusal of a file with cells that are there with another specification, if it has any.
fn differing(cells: &[Cell], compared: &Compared) -> Option<ApiError> {
    let differing: Vec<_> = cells
        .iter()
        .zip(&compared.states)
        .filter_map(|(cell, state)| match state {
            CellState::Differs { keys, .. } => Some((cell, keys)),
            _ => None,
        })
        .collect();
    if differing.is_empty() {
        return None;
    }
    let named = differing.iter().take(NAMED).map(|(cell, keys)| {
        let fold = cell
            .fold
            .map_or_else(String::new, |fold| format!(" fold {fold}"));
        format!(
            "arm '{}' seed {}{fold} on {}: {}",
            cell.arm,
            cell.seed,
            cell.spec.dataset.name,
            keys.join(", ")
        )
    });
    let mut named = named.collect::<Vec<_>>().join("; ");
    if differing.len() > NAMED {
        named = format!("{named}; and {} more", differing.len() - NAMED);
    }
    Some(ApiError::Conflict {
        kind: "mrprism:cell-differs",
        detail: format!(
            "what has been submitted never changes, and the file changes it ({named}): put it back, or give what is new an arm or an \
             experiment of its own"
        ),
    })
}

/// Writes runs and jobs for the cells that are new, and says how many they are.
async fn add(
    app: &App,
    db: &mut db::PgConnection,
    id: ExperimentId,
    planned: &Planned,
    compared: &Compared,
) -> Result<u64, ApiError> {
    let cells = planned.resolved.cells.iter().zip(&planned.fingerprints);
    let (cells, prints): (Vec<_>, Vec<_>) = cells
        .zip(&compared.states)
        .filter(|(_, state)| **state == CellState::New)
        .map(|((cell, print), _)| (cell.clone(), print.clone()))
        .unzip();
    if cells.is_empty() {
        return Ok(0);
    }
    let runs: Vec<RunId> = cells.iter().map(|_| entropy::new_id()).collect();
    let jobs: Vec<(JobId, RunId)> = runs.iter().map(|run| (entropy::new_id(), *run)).collect();
    let first = db::definitions::next_position(&mut *db, id).await?;
    db::runs::create(
        &mut *db,
        id,
        first,
        &runs,
        &cells,
        &prints,
        &app.science_version,
    )
    .await?;
    let waits = db::experiment_queues::lock(&mut *db, id).await?;
    db::jobs::enqueue(&mut *db, &jobs, &placing(waits)?).await?;
    db::definitions::revive(db, id).await?;
    Ok(runs.len() as u64)
}
