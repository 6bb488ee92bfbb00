//! What a reader must know of the tests: what was compared, what was corrected, what was refused and why.

use std::collections::BTreeMap;

use mrprism_protocol::wire::{Difference, TableCell};

use crate::results::Results;

/// Notes on tests; none where the experiment names no baseline.
pub(super) fn notes(results: &Results, cells: &[TableCell]) -> Vec<String> {
    let Some(baseline) = &results.baseline else {
        return Vec::new();
    };
    let all: Vec<&Difference> = cells
        .iter()
        .filter_map(|cell| cell.difference.as_ref())
        .collect();
    if all.is_empty() {
        return vec![format!(
            "Nothing is compared with the baseline '{baseline}': it has no score that another arm has too."
        )];
    }
    let mut notes = Vec::new();
    if all.iter().any(|found| found.p.is_some()) {
        notes.push(format!(
            "Tests are against '{baseline}' alone: Wilcoxon's signed-rank test, two-sided, over patients (the mean over a patient's \
             cases and seeds), p by Holm over each column. Intervals are 95 % BCa bootstraps over patients, their cases and seeds."
        ));
    }
    let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in all.iter().flat_map(|found| &found.refused) {
        *refused.entry(reason).or_default() += 1;
    }
    for (reason, count) in refused {
        notes.push(format!(
            "Against '{baseline}', not computed for {count} of {} numbers: {reason}.",
            all.len()
        ));
    }
    if results.runs.iter().all(|run| run.patients.is_empty()) {
        notes.push("Patients are not known: every case counts as one of its own.".to_owned());
    }
    notes
}
