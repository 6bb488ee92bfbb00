//! How arms rank over patients: Friedman's test of each soft Dice column, and Nemenyi's difference that its diagram draws.

use std::collections::{BTreeMap, BTreeSet};

use mrprism_protocol::spec::Output;
use mrprism_protocol::wire::TableRanks;

use super::cells::mean;
use super::heap::{Heap, Heaps};
use crate::statistics::{ALPHA, critical_difference, friedman};

/// Fewest arms worth ranking.
const FEWEST: usize = 3;

/// Ranks of each soft Dice column of three arms or more, every arm with its last recurrence.
pub(super) fn of(heaps: &Heaps<'_>) -> Vec<TableRanks> {
    let columns = heaps.columns.iter().enumerate();
    let columns = columns.filter(|(_, column)| column.metric.starts_with("soft_dice@"));
    columns
        .filter_map(|(column, _)| ranks(heaps, column))
        .collect()
}

fn ranks(heaps: &Heaps<'_>, column: usize) -> Option<TableRanks> {
    // Rows stand in order of recurrence, so that an arm's last one replaces those before it.
    let mut arms: BTreeMap<&str, (usize, &Heap<'_>)> = BTreeMap::new();
    for (row, heap) in heaps.column(column) {
        let of = &heaps.rows[row];
        if of.output == Output::Prediction {
            arms.insert(&of.arm, (row, heap));
        }
    }
    let mut arms: Vec<_> = arms.into_values().collect();
    arms.sort_by_key(|(row, _)| *row);
    if arms.len() < FEWEST {
        return None;
    }
    let values: Vec<BTreeMap<&str, f64>> = arms.iter().map(|(_, heap)| by_patient(heap)).collect();
    let mut patients: BTreeSet<&str> = values[0].keys().copied().collect();
    patients.retain(|patient| values.iter().all(|arm| arm.contains_key(patient)));
    // Friedman gives the lowest value rank 1, readers the best.
    let table: Vec<Vec<f64>> = patients
        .iter()
        .map(|patient| values.iter().map(|arm| -arm[patient]).collect())
        .collect();
    let tested = friedman(&table);
    Some(TableRanks {
        column,
        patients: patients.len(),
        statistic: tested.as_ref().ok().map(|found| found.statistic),
        p: tested.as_ref().ok().map(|found| found.p),
        critical_difference: tested
            .is_ok()
            .then(|| critical_difference(ALPHA, arms.len(), patients.len())),
        refused: tested.as_ref().err().map(ToString::to_string),
        mean_ranks: tested.map(|found| found.mean_ranks).unwrap_or_default(),
        rows: arms.into_iter().map(|(row, _)| row).collect(),
    })
}

/// Means over a patient's cases of the mean over seeds.
fn by_patient<'a>(heap: &Heap<'a>) -> BTreeMap<&'a str, f64> {
    let mut patients: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (case, values) in heap.by_case() {
        let patient = heap.patients.get(case).copied().unwrap_or(case);
        let of_patient = patients.entry(patient).or_default();
        of_patient.push(mean(values.into_iter()));
    }
    let means = patients.into_iter();
    means
        .map(|(patient, values)| (patient, mean(values.into_iter())))
        .collect()
}
