//! `POST /api/v1/experiments/plan`: what a bundle would do, before anything is written.

use std::collections::BTreeMap;

use axum::extract::State;
use chrono::DateTime;
use mrprism_protocol::spec::{Bundle, Cell, DatasetCard, QueueFile, RunSpec};
use mrprism_protocol::wire::{CellState, Plan, PlanCounts, PlannedCell};
use uuid::Uuid;

use super::estimate;
use super::planning::{self, Compared, Planned};
use crate::api::extract::Json;
use crate::db::plans::History;
use crate::domain::{Candidate, Claimer, HeldDataset};
use crate::error::ApiError;
use crate::queue::match_worker::{Misfit, fits};
use crate::{App, db};

/// Says what submitting or extending by this bundle would do.
pub(in crate::api) async fn plan(
    State(app): State<App>,
    Json(bundle): Json<Bundle>,
) -> Result<Json<Plan>, ApiError> {
    let planned = planning::plan(&app, &bundle).await?;
    let file = &planned.resolved.file;
    let mut db = db::begin(&app.db).await?;
    let there = db::experiments::named(&mut db, &file.name).await?;
    let (compared, queue) = match &there {
        None => (everything_new(&planned), file.queue.clone()),
        Some(there) => {
            let compared = planning::compare(&mut db, &bundle, &planned, there.id).await?;
            let current = db::definitions::current(&mut db, there.id).await?;
            let waits = db::experiment_queues::lock(&mut db, there.id).await?.queue;
            let changed = planning::says_another_queue(&current.bundle, file);
            (compared, if changed { file.queue.clone() } else { waits })
        }
    };
    drop(db);
    let id = there.map(|there| there.id);
    let mut elsewhere = db::plans::elsewhere(&app.db, id, &planned.fingerprints).await?;
    let histories = Histories::read(&app, &planned.resolved.cells).await?;
    let live = Live {
        claimers: db::plans::claimers(&app.db, app.intervals.lease).await?,
        queue,
        science_version: app.science_version.to_string(),
    };
    let cards: BTreeMap<_, _> = planned
        .cards
        .iter()
        .map(|card| (card.name.as_str(), card))
        .collect();
    let mut nobody = BTreeMap::new();
    let cells: Vec<PlannedCell> = planned
        .resolved
        .cells
        .iter()
        .zip(&planned.fingerprints)
        .zip(compared.states)
        .enumerate()
        .map(|(number, ((cell, print), state))| {
            let card: Option<&DatasetCard> = cards.get(cell.spec.dataset.name.as_str()).copied();
            let steps = estimate::steps(&cell.spec, cell.fold, card);
            let name = &cell.spec.dataset.name;
            let nobody = nobody
                .entry(name.clone())
                .or_insert_with(|| live.nobody(&cell.spec));
            PlannedCell {
                arm: cell.arm.clone(),
                dataset: name.clone(),
                seed: cell.seed,
                fold: cell.fold,
                fingerprint: print.clone(),
                state,
                elsewhere: elsewhere.remove(print),
                nobody: nobody.clone(),
                steps,
                cost: estimate::cost(&cell.spec, steps, histories.of(number)),
            }
        })
        .collect();
    let new = || cells.iter().filter(|cell| cell.state == CellState::New);
    let estimate = estimate::sum(new().map(|cell| &cell.cost), live.devices(&planned));
    Ok(Json(Plan {
        experiment: file.name.clone(),
        exists: id.is_some(),
        counts: counts(&cells, compared.unnamed),
        dropped: planned.resolved.dropped,
        estimate,
        cells,
    }))
}

fn everything_new(planned: &Planned) -> Compared {
    Compared {
        states: vec![CellState::New; planned.fingerprints.len()],
        unnamed: 0,
    }
}

fn counts(cells: &[PlannedCell], unnamed: u64) -> PlanCounts {
    let mut counts = PlanCounts {
        unnamed,
        ..PlanCounts::default()
    };
    for cell in cells {
        match cell.state {
            CellState::There { .. } => counts.there += 1,
            CellState::Differs { .. } => counts.differs += 1,
            CellState::New => {
                counts.new += 1;
                counts.elsewhere += u64::from(cell.elsewhere.is_some());
                counts.nobody += u64::from(cell.nobody.is_some());
            }
        }
    }
    counts
}

/// What was measured of runs like each cell. Seeds and folds share a specification, and what was read of it.
struct Histories {
    of_spec: Vec<History>,
    spec_of_cell: Vec<usize>,
}

impl Histories {
    async fn read(app: &App, cells: &[Cell]) -> Result<Self, ApiError> {
        let mut specs: Vec<&RunSpec> = Vec::new();
        let mut spec_of_cell = Vec::new();
        for cell in cells {
            // Cells of one specification follow each other (`resolve`).
            if specs.last().is_none_or(|last| **last != cell.spec) {
                specs.push(&cell.spec);
            }
            spec_of_cell.push(specs.len() - 1);
        }
        Ok(Self {
            of_spec: db::plans::histories(&app.db, &specs).await?,
            spec_of_cell,
        })
    }

    fn of(&self, cell: usize) -> &History {
        &self.of_spec[self.spec_of_cell[cell]]
    }
}

/// The devices that are there, and how the experiment's runs would wait for them.
struct Live {
    claimers: Vec<Claimer>,
    queue: QueueFile,
    science_version: String,
}

impl Live {
    /// Why no device could take a run of this specification; none where one could.
    fn nobody(&self, spec: &RunSpec) -> Option<String> {
        let candidate = self.candidate(spec);
        let mut nearest = None;
        for claimer in &self.claimers {
            match fits(claimer, &candidate) {
                Ok(()) => return None,
                Err(misfit) => nearest = nearest.max(Some(how_near(misfit))),
            }
        }
        let queue = &self.queue;
        let name = &spec.dataset.name;
        Some(match nearest {
            None => "no worker is live".to_owned(),
            Some(0) => format!("no live worker is in pool '{}'", queue.pool),
            Some(1) => format!(
                "no live worker of pool '{}' has a {} device",
                queue.pool,
                queue.device.map_or("fitting", |kind| kind.as_str())
            ),
            Some(2) => format!("no live device of its kind has {} MiB", queue.memory_mib),
            Some(3) => format!("no live worker has the labels {}", queue.labels.join(", ")),
            Some(4) => format!("no live worker that fits holds '{name}' with the files it has now"),
            Some(_) => "no live worker is of this server's science version".to_owned(),
        })
    }

    /// Devices that could take one of the cells, at most as many as may be used at a time.
    fn devices(&self, planned: &Planned) -> u64 {
        let mut sets: BTreeMap<&str, Candidate> = BTreeMap::new();
        for cell in &planned.resolved.cells {
            let name = cell.spec.dataset.name.as_str();
            sets.entry(name)
                .or_insert_with(|| self.candidate(&cell.spec));
        }
        let fit = |claimer: &&Claimer| sets.values().any(|set| fits(claimer, set).is_ok());
        let devices = self.claimers.iter().filter(fit).count() as u64;
        devices.min(self.queue.max_parallel.map_or(u64::MAX, u64::from))
    }

    fn candidate(&self, spec: &RunSpec) -> Candidate {
        Candidate {
            job: Uuid::nil().into(),
            run: Uuid::nil().into(),
            pool: self.queue.pool.clone(),
            place: DateTime::UNIX_EPOCH,
            device_kind: self.queue.device,
            memory_mib: self.queue.memory_mib,
            labels: self.queue.labels.clone(),
            dataset: HeldDataset {
                name: spec.dataset.name.clone(),
                manifest: spec.dataset.manifest.clone(),
            },
            science_version: Some(self.science_version.clone()),
            infrastructure_failures_here: 0,
            another_host_fits: false,
            limit: None,
        }
    }
}

/// How many of the conditions hold, in the order in which `fits` looks at them.
fn how_near(misfit: Misfit) -> u8 {
    match misfit {
        Misfit::Pool => 0,
        Misfit::DeviceKind => 1,
        Misfit::Memory => 2,
        Misfit::Label => 3,
        Misfit::Dataset => 4,
        Misfit::ScienceVersion | Misfit::Host => 5,
    }
}
