//! In which order arms, data sets, structures, metrics and references stand.

use mrprism_protocol::spec::Reference;
use mrprism_protocol::wire::{TableColumn, TableRow};

use crate::run::RunFacts;

/// Metrics in the order of their columns; others follow by name.
const METRICS: [&str; 6] = [
    "soft_dice",
    "area",
    "change",
    "confidence_spread",
    "confidence",
    "head_to_rater_soft_dice",
];

/// The experiment's own order of names.
#[derive(Debug)]
pub(super) struct Order {
    arms: Vec<String>,
    datasets: Vec<String>,
    structures: Vec<String>,
}

impl Order {
    /// As the runs name them.
    pub(super) fn new(runs: &[RunFacts]) -> Self {
        let dataset = |run: &RunFacts| run.spec.dataset.name.clone();
        let structures = runs
            .iter()
            .flat_map(|run| run.spec.dataset.structures.clone());
        Self {
            arms: once_each(runs.iter().map(|run| run.arm.clone())),
            datasets: once_each(runs.iter().map(dataset)),
            structures: once_each(structures),
        }
    }

    /// Where a row stands.
    pub(super) fn row(&self, row: &TableRow) -> impl Ord + use<> {
        (place(&self.arms, &row.arm), row.output, row.recurrence)
    }

    /// Where a column stands.
    pub(super) fn column(&self, column: &TableColumn) -> impl Ord + use<> {
        (
            self.structure(&column.dataset, &column.structure),
            metric(&column.metric),
            reference(column.reference),
        )
    }

    /// Where a structure of a data set stands.
    pub(super) fn structure(&self, dataset: &str, structure: &str) -> (usize, usize) {
        (
            place(&self.datasets, dataset),
            place(&self.structures, structure),
        )
    }
}

/// Where a metric stands, by its name without version and then in full.
pub(super) fn metric(metric: &str) -> (usize, String) {
    let name = metric.split('@').next().unwrap_or(metric);
    let rank = METRICS.iter().position(|known| *known == name);
    (rank.unwrap_or(METRICS.len()), metric.to_owned())
}

/// References of all raters first, then of each, then none.
fn reference(reference: Reference) -> (u8, u32) {
    match reference {
        Reference::Mean => (0, 0),
        Reference::Majority => (1, 0),
        Reference::Staple => (2, 0),
        Reference::Arbitrated => (3, 0),
        Reference::RaterSet => (4, 0),
        Reference::LeaveOneOut(rater) => (5, rater),
        Reference::Rater(rater) => (6, rater),
        Reference::Alone => (7, 0),
    }
}

fn once_each(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

fn place(names: &[String], name: &str) -> usize {
    names
        .iter()
        .position(|known| known == name)
        .unwrap_or(names.len())
}
