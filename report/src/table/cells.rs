//! A table's cells: means over cases, folds and seeds, in this order.

use std::collections::{BTreeMap, BTreeSet};

use mrprism_protocol::spec::Seed;
use mrprism_protocol::wire::TableCell;

use super::heap::{Heap, Heaps};
use crate::run::RunFacts;

/// A cell for each heap, by row and column.
pub(super) fn of(heaps: &Heaps<'_>, runs: &[RunFacts]) -> Vec<TableCell> {
    let expected = expected(runs);
    let cells = heaps.at.iter().map(|((row, column), heap)| {
        let arm = &heaps.rows[*row].arm;
        cell((*row, *column), heap, expected.get(arm.as_str()))
    });
    cells.collect()
}

fn cell((row, column): (usize, usize), heap: &Heap<'_>, expected: Option<&Expected>) -> TableCell {
    let seed_means = heap.seed_means();
    let raters = heap.runs.iter().map(|run| run.spec.dataset.raters).max();
    let steps: BTreeSet<_> = heap.runs.iter().map(|run| run.spec.train.steps).collect();
    TableCell {
        row,
        column,
        mean: mean(seed_means.iter().copied()),
        sd: deviation(&seed_means),
        n_seeds: seed_means.len(),
        n_folds: heap.folds().len(),
        n_cases: heap.cases().len(),
        n_raters: raters.unwrap_or(0),
        steps: match steps.iter().collect::<Vec<_>>()[..] {
            [steps] => *steps,
            _ => None,
        },
        unit: "seeds".to_owned(),
        best: false,
        second: false,
        p_adjusted: None,
        difference: None,
        human_range: None,
        flags: flags(heap, expected),
    }
}

/// How many seeds and folds an arm is to have.
#[derive(Debug, Default)]
struct Expected {
    seeds: BTreeSet<Seed>,
    folds: BTreeSet<Option<u32>>,
}

fn expected(runs: &[RunFacts]) -> BTreeMap<&str, Expected> {
    let mut arms: BTreeMap<&str, Expected> = BTreeMap::new();
    for run in runs {
        let arm = arms.entry(&run.arm).or_default();
        arm.seeds.insert(run.seed);
        arm.folds.insert(run.fold);
    }
    arms
}

/// What is amiss inside a cell; what sets it apart from others of its column is `comparable`'s.
fn flags(heap: &Heap<'_>, expected: Option<&Expected>) -> Vec<String> {
    let mut flags = Vec::new();
    let Some(expected) = expected else {
        return flags;
    };
    if heap.seeds.len() < expected.seeds.len() {
        flags.push(format!(
            "{} of {} seeds",
            heap.seeds.len(),
            expected.seeds.len()
        ));
    }
    if heap
        .seeds
        .values()
        .any(|folds| folds.len() < expected.folds.len())
    {
        flags.push("folds are missing".to_owned());
    }
    // Every seed of a fold must have met the same cases.
    let mut cases_of_fold: BTreeMap<_, BTreeSet<Vec<&&str>>> = BTreeMap::new();
    for (fold, cases) in heap.seeds.values().flatten() {
        let cases = cases.keys().collect();
        cases_of_fold.entry(fold).or_default().insert(cases);
    }
    if cases_of_fold.values().any(|sets| sets.len() > 1) {
        flags.push("seeds differ in their cases".to_owned());
    }
    let manifests = heap.runs.iter().map(|run| &run.spec.dataset.manifest);
    if manifests.collect::<BTreeSet<_>>().len() > 1 {
        flags.push("data sets differ in their content".to_owned());
    }
    flags
}

/// The mean; NaN of nothing, which no caller asks for.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    sum / f64::from(count)
}

/// The standard deviation with n − 1; none of fewer than two.
pub(super) fn deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let centre = mean(values.iter().copied());
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}
