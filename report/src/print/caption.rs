//! What a reader must know to read a printed grid: of how many seeds, folds, cases and patients it is, and what its marks mean.

use std::collections::BTreeSet;

use mrprism_protocol::wire::{HumanRange, Table, TableCell};

use super::context::ALPHA;
use super::grid::Grid;

/// Every cell that is printed.
pub(super) fn shown<'a>(grids: &[Grid<'a>]) -> Vec<&'a TableCell> {
    let rows = grids.iter().flat_map(|grid| &grid.rows);
    rows.flat_map(|row| row.cells.iter().copied().flatten())
        .collect()
}

/// Sentences under a table; nothing under an empty one.
pub(super) fn of(table: &Table, cells: &[&TableCell]) -> String {
    if cells.is_empty() {
        return String::new();
    }
    let counted = |one: &str, many: &str, of: &dyn Fn(&TableCell) -> usize| {
        counted(cells.iter().map(|cell| of(cell)), one, many)
    };
    let mut sentences = vec![format!(
        "Soft Dice × 100, mean ± standard deviation over seeds: {}, {}, {}.",
        counted("seed", "seeds", &|cell| cell.n_seeds),
        counted("fold", "folds", &|cell| cell.n_folds),
        counted("test case", "test cases", &|cell| cell.n_cases),
    )];
    let baseline = table.baseline.as_deref().unwrap_or("the baseline");
    let differences: Vec<_> = cells
        .iter()
        .filter_map(|cell| cell.difference.as_ref())
        .collect();
    if !differences.is_empty() {
        let patients = differences.iter().map(|difference| difference.patients);
        let interval = differences
            .iter()
            .any(|difference| difference.interval.is_some());
        sentences.push(format!(
            "Δ: points from {baseline}{}, paired by patient ({}).",
            if interval {
                " with the 95 % interval"
            } else {
                ""
            },
            self::counted(patients, "patient", "patients"),
        ));
    }
    let significant: Vec<_> = cells
        .iter()
        .filter(|cell| cell.p_adjusted.is_some_and(|p| p < ALPHA))
        .collect();
    if !significant.is_empty() {
        let tests = significant
            .iter()
            .filter_map(|cell| cell.difference.as_ref()?.test.as_deref());
        let tests: BTreeSet<_> = tests.collect();
        let tests = if tests.is_empty() {
            "test".to_owned()
        } else {
            tests.into_iter().collect::<Vec<_>>().join(" or ")
        };
        sentences.push(format!(
            "* p < {ALPHA} against {baseline}: {tests}, two-sided, Holm over the column, unit patient."
        ));
    }
    let in_range = |range| cells.iter().any(|cell| cell.human_range == Some(range));
    if in_range(HumanRange::Within) {
        sentences.push("† within what the raters reach against the same reference.".to_owned());
    }
    if in_range(HumanRange::Above) {
        sentences.push("‡ above every rater's own against the same reference.".to_owned());
    }
    sentences.join(" ")
}

/// Why there is no test or interval, once each, where the table's own notes do not say so already.
pub(super) fn notes(table: &Table, cells: &[&TableCell]) -> Vec<String> {
    let refused = cells.iter().filter_map(|cell| cell.difference.as_ref());
    let refused: BTreeSet<_> = refused.flat_map(|difference| &difference.refused).collect();
    let new = refused.into_iter().filter(|reason| {
        let told = |note: &String| note.contains(reason.as_str());
        !table.notes.iter().any(told)
    });
    let baseline = table.baseline.as_deref().unwrap_or("the baseline");
    new.map(|reason| format!("Against {baseline}: {reason}"))
        .collect()
}

/// `3 seeds`, `1 to 3 seeds`.
fn counted(counts: impl Iterator<Item = usize>, one: &str, many: &str) -> String {
    let counts: BTreeSet<_> = counts.collect();
    match (counts.first(), counts.last()) {
        (Some(1), Some(1)) => format!("1 {one}"),
        (Some(least), Some(most)) if least == most => format!("{most} {many}"),
        (Some(least), Some(most)) => format!("{least} to {most} {many}"),
        _ => format!("no {many}"),
    }
}
