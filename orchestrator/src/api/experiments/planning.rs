//! What submitting, planning and extending share: a bundle becomes cells with fingerprints, and cells are compared with those
//! that are there.

use std::collections::BTreeMap;

use mrprism_protocol::id::{ExperimentId, RunId};
use mrprism_protocol::spec::{
    Bundle, Cell, DatasetCard, ExperimentFile, Fingerprint, Resolved, SpecError, differences,
    hash_json, parse_toml, resolve,
};
use mrprism_protocol::wire::CellState;

use crate::db::PgConnection;
use crate::db::definitions::StoredCell;
use crate::error::ApiError;
use crate::queue::dedupe::twins;
use crate::{App, db};

/// Most runs of one experiment.
const MOST_RUNS: usize = 100_000;

/// An experiment that may be written.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) resolved: Resolved,
    /// Those of the cells, in order.
    pub(super) fingerprints: Vec<Fingerprint>,
    /// The data sets as they are now.
    pub(super) cards: Vec<DatasetCard>,
}

/// The cells of a bundle, on the data sets as workers hold them now.
///
/// # Errors
/// Every fault of the bundle; two arms that are the same run; more runs than an experiment may have.
pub(super) async fn plan(app: &App, bundle: &Bundle) -> Result<Planned, ApiError> {
    let cards = db::datasets::list(&app.db).await?;
    let version = app.science_version.clone();
    let bundle = bundle.clone();
    tokio::task::spawn_blocking(move || planned(&bundle, cards, &version))
        .await
        .map_err(|error| ApiError::Internal(error.to_string()))?
}

fn planned(
    bundle: &Bundle,
    cards: Vec<DatasetCard>,
    science_version: &str,
) -> Result<Planned, ApiError> {
    let resolved = resolve(bundle, &cards).map_err(ApiError::Faults)?;
    if resolved.cells.len() > MOST_RUNS {
        return Err(refuse(
            bundle,
            format!(
                "{} runs are more than the {MOST_RUNS} that one experiment may have: split it",
                resolved.cells.len()
            ),
        ));
    }
    let fingerprints: Vec<_> = resolved
        .cells
        .iter()
        .map(|cell| Fingerprint::of(&cell.spec, cell.seed, cell.fold, science_version))
        .collect();
    if let Some(twins) = twins(&resolved.cells, &fingerprints) {
        return Err(same_run(bundle, &twins.first, &twins.second));
    }
    Ok(Planned {
        resolved,
        fingerprints,
        cards,
    })
}

fn refuse(bundle: &Bundle, message: String) -> ApiError {
    let file = bundle.experiment.file.clone();
    ApiError::Faults(vec![SpecError::of_file(file, message)])
}

fn same_run(bundle: &Bundle, first: &str, second: &str) -> ApiError {
    refuse(
        bundle,
        format!(
            "arms '{first}' and '{second}' are the same run: change one of them or leave it out"
        ),
    )
}

/// A file's cells beside those that are there.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// What would become of each cell of the file, in order.
    pub(super) states: Vec<CellState>,
    /// Runs that the file does not name.
    pub(super) unnamed: u64,
}

/// Compares a file's cells with those of an experiment.
///
/// # Errors
/// The database cannot be reached; an arm that is new is the same run as one that is there.
pub(super) async fn compare(
    db: &mut PgConnection,
    bundle: &Bundle,
    planned: &Planned,
    experiment: ExperimentId,
) -> Result<Compared, ApiError> {
    let stored = db::definitions::cells(&mut *db, experiment).await?;
    let by_cell: BTreeMap<_, _> = stored
        .iter()
        .map(|cell| (key_of_stored(cell), cell))
        .collect();
    let by_print: BTreeMap<_, _> = stored
        .iter()
        .map(|cell| (&cell.fingerprint, cell))
        .collect();
    let pairs: Vec<_> = planned
        .resolved
        .cells
        .iter()
        .zip(&planned.fingerprints)
        .map(|(cell, print)| (cell, print, by_cell.get(&key(cell)).copied()))
        .collect();
    // Another fingerprint need not be another specification: the science version may have changed.
    let doubtful: Vec<RunId> = pairs
        .iter()
        .filter_map(|(_, print, there)| there.filter(|there| there.fingerprint != **print))
        .map(|there| there.run)
        .collect();
    let specs: BTreeMap<_, _> = db::definitions::specs(db, &doubtful)
        .await?
        .into_iter()
        .collect();
    let mut compared = Compared::default();
    let mut named = 0;
    for (cell, print, there) in pairs {
        let Some(there) = there else {
            if let Some(twin) = by_print.get(print) {
                return Err(same_run(bundle, &twin.arm, &cell.arm));
            }
            compared.states.push(CellState::New);
            continue;
        };
        named += 1;
        let keys: Vec<String> = specs.get(&there.run).map_or_else(Vec::new, |spec| {
            let found = differences(spec, &cell.spec);
            found.into_iter().map(|found| found.key).collect()
        });
        compared.states.push(if keys.is_empty() {
            CellState::There {
                run: there.run,
                run_state: there.state,
            }
        } else {
            CellState::Differs {
                run: there.run,
                keys,
            }
        });
    }
    compared.unnamed = stored.len() as u64 - named;
    let added = compared.states.len() as u64 - named;
    if stored.len() as u64 + added > MOST_RUNS as u64 {
        let message = format!(
            "{added} runs more than the {} that are there are more than the {MOST_RUNS} that one experiment may have: split it",
            stored.len()
        );
        return Err(refuse(bundle, message));
    }
    Ok(compared)
}

type Key<'a> = (&'a str, &'a str, u64, Option<u32>);

fn key(cell: &Cell) -> Key<'_> {
    (&cell.arm, &cell.spec.dataset.name, cell.seed.0, cell.fold)
}

fn key_of_stored(cell: &StoredCell) -> Key<'_> {
    (&cell.arm, &cell.dataset, cell.seed.0, cell.fold)
}

/// Whether a file says another thing of the queue than the bundle that it takes the place of.
pub(super) fn says_another_queue(current: &Bundle, file: &ExperimentFile) -> bool {
    let source = &current.experiment;
    let said = parse_toml::<ExperimentFile>(&source.file, &source.text);
    !said.is_ok_and(|said| said.queue == file.queue)
}

/// Equal bundles are the same submission.
pub(super) fn bundle_hash(bundle: &Bundle) -> Result<String, ApiError> {
    let value =
        serde_json::to_value(bundle).map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(hash_json(&value))
}
