//! Raters who leave their own habit for a run of cases.

use super::super::Dataset;
use super::finding::{Finding, FindingKind};
use super::robust::Robust;
use super::seen::Seen;
use super::swapped::{CASES_FOR_A_HABIT, relative_area};

/// An odd area lies this many spreads from the rater's own middle …
const ODD: f64 = 4.0;
/// … and is told of as many cases one after the other.
const ODD_RUN: usize = 3;
/// A spread of the logarithm of an area below this says that a rater is regular, not that a tenth more is odd.
const LEAST_AREA_SPREAD: f64 = 0.05;

/// Runs of cases in which one rater's area is far from that rater's own habit.
pub(super) fn odd_areas(dataset: &Dataset, seen: &[Seen]) -> Option<Finding> {
    if seen.len() < CASES_FOR_A_HABIT {
        return None;
    }
    let mut items = Vec::new();
    for (k, structure) in dataset.definition.structures.iter().enumerate() {
        for (rater, name) in dataset.raters.iter().enumerate() {
            let areas: Vec<_> = seen
                .iter()
                .filter_map(|case| Some((case, relative_area(&case.areas[k], rater)?)))
                .collect();
            let values: Vec<_> = areas.iter().map(|(_, area)| *area).collect();
            let Some(habit) = Robust::of(&values, LEAST_AREA_SPREAD) else {
                continue;
            };
            let side = |area: f64| match habit.deviation(area) {
                above if above > ODD => 1,
                below if below < -ODD => -1,
                _ => 0,
            };
            for run in areas.chunk_by(|a, b| side(a.1) == side(b.1)) {
                let side = side(run[0].1);
                if side != 0 && run.len() >= ODD_RUN {
                    let how = if side > 0 { "large" } else { "small" };
                    let (first, last) = (&run[0].0.name, &run[run.len() - 1].0.name);
                    items.push(format!(
                        "rater {name} draws '{structure}' unusually {how} in {first} to {last} ({} cases)",
                        run.len()
                    ));
                }
            }
        }
    }
    Finding::of(
        FindingKind::OddAreas,
        "runs of cases in which a rater's area leaves that rater's habit",
        "",
        items,
    )
}
