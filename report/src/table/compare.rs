//! Every arm against the baseline, column by column: the difference, its interval, a test, and Holm's correction over the column.
//!
//! Pairs are cases, units are patients: a patient's value is the mean over its cases of the mean over seeds. Where both arms have
//! the same seeds, seeds are resampled with the patients; where they have not, each arm's mean over its own seeds stands.

use std::collections::BTreeMap;

use mrprism_protocol::spec::Output;
use mrprism_protocol::wire::{Difference, TableCell};
use mrprism_raters::metric::{Direction, Rule};
use rayon::prelude::*;

use super::cells::mean;
use super::heap::{ByPatient, Heap, Heaps, is_fusion};
use crate::statistics::{ALPHA, Nest, bootstrap, holm, rank_biserial, wilcoxon};

/// Resamples of an interval.
const DRAWS: u32 = 2000;
/// Under which they are drawn: always the same, so that a table is.
const SEED: u64 = 2022;
/// The test.
const WILCOXON: &str = "wilcoxon";

/// Compares what can be compared, and writes it into the cells.
pub(super) fn with_baseline(cells: &mut [TableCell], heaps: &Heaps<'_>, baseline: Option<&str>) {
    let Some(baseline) = baseline else {
        return;
    };
    cells.par_iter_mut().for_each(|cell| {
        let Some(own) = heaps.at.get(&(cell.row, cell.column)) else {
            return;
        };
        let other = is_tested(heaps, cell)
            .then(|| counterpart(heaps, cell, baseline))
            .flatten();
        cell.difference = other.map(|other| difference(own, other));
    });
    let mut columns: BTreeMap<usize, Vec<&mut TableCell>> = BTreeMap::new();
    for cell in cells {
        columns.entry(cell.column).or_default().push(cell);
    }
    for cells in columns.values_mut() {
        let p = |cell: &&mut TableCell| cell.difference.as_ref().and_then(|found| found.p);
        let tested: Vec<f64> = cells.iter().filter_map(p).collect();
        let adjusted = holm(&tested);
        let tested = cells.iter_mut().filter(|cell| p(cell).is_some());
        for (cell, adjusted) in tested.zip(adjusted) {
            cell.p_adjusted = Some(adjusted);
        }
    }
}

/// Predictions and fused labels, in metrics of which more or less is better.
fn is_tested(heaps: &Heaps<'_>, cell: &TableCell) -> bool {
    let output = heaps.rows[cell.row].output;
    let metric = &heaps.columns[cell.column].metric;
    let rule = Rule::ALL.iter().find(|rule| rule.id == *metric);
    let is_judged = rule.is_some_and(|rule| rule.direction != Direction::Neither);
    is_judged && (output == Output::Prediction || is_fusion(output))
}

/// The baseline's heap that a cell is held against: of the same output and recurrence, else of its last recurrence; none for the
/// baseline's own.
fn counterpart<'h, 'a>(
    heaps: &'h Heaps<'a>,
    cell: &TableCell,
    baseline: &str,
) -> Option<&'h Heap<'a>> {
    let row = &heaps.rows[cell.row];
    if row.arm == baseline {
        return None;
    }
    let rows = heaps.rows.iter().enumerate();
    let mut candidates = rows
        .filter(|(_, other)| other.arm == baseline && other.output == row.output)
        .filter_map(|(at, other)| {
            let heap = heaps.at.get(&(at, cell.column))?;
            Some((other.recurrence, heap))
        });
    let mut last = None;
    let same = candidates.find_map(|(recurrence, heap)| {
        last = Some(heap);
        (recurrence == row.recurrence).then_some(heap)
    });
    same.or(last)
}

/// `own` minus `other`, over the cases that both have.
fn difference(own: &Heap<'_>, other: &Heap<'_>) -> Difference {
    let units = paired(own, other);
    let nest: Vec<Vec<Vec<f64>>> = units
        .values()
        .map(|cases| cases.values().cloned().collect())
        .collect();
    let of_case = |case: &Vec<f64>| mean(case.iter().copied());
    let of_patient = |cases: &Vec<Vec<f64>>| mean(cases.iter().map(of_case));
    let differences: Vec<f64> = nest.iter().map(of_patient).collect();
    let tested = wilcoxon(&differences);
    let interval = bootstrap(Nest(&nest), ALPHA, DRAWS, SEED);
    let reasons = [tested.err(), interval.err()].into_iter().flatten();
    Difference {
        mean: mean(nest.iter().flatten().map(of_case)),
        interval: interval.ok().map(|found| [found.low, found.high]),
        test: tested.is_ok().then(|| WILCOXON.to_owned()),
        p: tested.ok().map(|found| found.p),
        effect: tested.is_ok().then(|| rank_biserial(&differences)),
        patients: differences.len(),
        refused: reasons.map(|reason| reason.to_string()).collect(),
    }
}

/// Differences by patient and case, one a seed where both have the same seeds, else one.
fn paired<'a>(own: &Heap<'a>, other: &Heap<'a>) -> ByPatient<'a> {
    let same_seeds = own.seeds.keys().eq(other.seeds.keys());
    let others = other.by_case();
    let mut units: ByPatient<'a> = BTreeMap::new();
    for (case, own_values) in own.by_case() {
        let Some(other_values) = others.get(case) else {
            continue;
        };
        let differences = if same_seeds {
            let pairs = own_values.iter().zip(other_values);
            pairs.map(|(own, other)| own - other).collect()
        } else {
            let own = mean(own_values.into_iter());
            vec![own - mean(other_values.iter().copied())]
        };
        let patient = own.patients.get(case).copied().unwrap_or(case);
        units.entry(patient).or_default().insert(case, differences);
    }
    units
}
