//! What a reader must know: what is missing, refused or flagged, and by which rules the numbers were made.

use std::collections::BTreeSet;

use mrprism_protocol::spec::{Reference, ReferenceFamily};
use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::{TableCell, TableColumn};
use mrprism_raters::metric::Rule;

use super::heap::{Heaps, is_fusion};
use super::human::Human;
use super::tests_said;
use crate::results::{Results, Scored};
use crate::run::RunFacts;

/// Runs that are named one by one; more are counted.
const NAMED: usize = 6;

/// All notes: what is missing first, rules last.
pub(super) fn of(
    results: &Results,
    scored: &[Scored<'_>],
    heaps: &Heaps<'_>,
    cells: &[TableCell],
    human: &Human,
    per_rater_refused: bool,
) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(unfinished(&results.runs));
    notes.extend(unscored(&results.runs, scored));
    if cells.iter().any(|cell| cell.n_seeds == 1) {
        notes.push(
            "One seed: no standard deviation can be given (sd needs at least two).".to_owned(),
        );
    }
    if per_rater_refused {
        notes.push(
            "Columns for single raters are refused: this data set's raters are exchangeable, so a rater's number is no person."
                .to_owned(),
        );
    }
    notes.extend(no_arbitrated(scored));
    if human.differs {
        notes.push(
            "Arms see the raters' masks at different sizes; the human row is the first arm's."
                .to_owned(),
        );
    }
    notes.extend(tests_said::notes(results, cells));
    if !cells.is_empty() {
        notes.extend(references(heaps));
        notes.extend(metrics(heaps));
        notes.extend(fusions(heaps));
        notes.push(
            "± is the standard deviation (n − 1) over seeds of the mean over test cases."
                .to_owned(),
        );
    }
    notes
}

/// Runs that have no result (yet).
fn unfinished(runs: &[RunFacts]) -> Option<String> {
    let open: Vec<_> = runs
        .iter()
        .filter(|run| run.state != JobState::Succeeded)
        .collect();
    if open.is_empty() {
        return None;
    }
    let named: Vec<_> = open
        .iter()
        .take(NAMED)
        .map(|run| format!("{} ({})", name(run), run.state))
        .collect();
    let more = match open.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some(format!(
        "{} of {} runs have no result: {}{more}.",
        open.len(),
        runs.len(),
        named.join(", ")
    ))
}

/// Runs that succeeded and left no score.
fn unscored(runs: &[RunFacts], scored: &[Scored<'_>]) -> Option<String> {
    let with: BTreeSet<_> = scored.iter().map(|found| found.run.run).collect();
    let without: Vec<_> = runs
        .iter()
        .filter(|run| run.state == JobState::Succeeded && !with.contains(&run.run))
        .map(name)
        .collect();
    (!without.is_empty()).then(|| format!("Succeeded without a score: {}.", without.join(", ")))
}

fn name(run: &RunFacts) -> String {
    match run.fold {
        None => format!("{} seed {}", run.arm, run.seed),
        Some(fold) => format!("{} seed {} fold {fold}", run.arm, run.seed),
    }
}

/// Data sets for which an arbitrated reference was asked and none exists.
fn no_arbitrated(scored: &[Scored<'_>]) -> Vec<String> {
    let dataset = |run: &RunFacts| run.spec.dataset.name.clone();
    let with: BTreeSet<_> = scored
        .iter()
        .filter(|found| found.score.reference == Reference::Arbitrated)
        .map(|found| dataset(found.run))
        .collect();
    let asked: BTreeSet<_> = scored
        .iter()
        .map(|found| found.run)
        .filter(|run| {
            run.spec
                .evaluation
                .references
                .contains(&ReferenceFamily::Arbitrated)
        })
        .map(dataset)
        .collect();
    asked
        .difference(&with)
        .map(|name| format!("'{name}' has no arbitrated masks: that reference is absent."))
        .collect()
}

/// The rule of each reference that stands over a column.
fn references(heaps: &Heaps<'_>) -> Vec<String> {
    let mut rules = BTreeSet::new();
    // A confidence has a rater as its subject and is scored against nobody's mask.
    let scored = |column: &&TableColumn| column.metric != Rule::CONFIDENCE.id;
    for column in heaps.columns.iter().filter(scored) {
        rules.extend(match column.reference {
            Reference::Alone => None,
            Reference::Mean => Some("mean: the mean of the raters' masks, soft."),
            Reference::Majority => {
                Some("majority: pixels that more than half of the raters mark; ties are background.")
            }
            Reference::Staple => Some("staple: STAPLE of the raters' masks over the whole image, soft."),
            Reference::Arbitrated => Some("arbitrated: the data set's own arbitrated mask."),
            Reference::Rater(0) => Some(
                "rater:0 (held-out rater): each rater's mask against the fusion of the others, averaged over the rater held out inside each case.",
            ),
            Reference::Rater(_) => Some("rater:N: that rater's mask."),
            Reference::RaterSet => Some("rater-set: the raters' masks as a set, none of them joined."),
            Reference::LeaveOneOut(_) => Some(
                "leave-one-out: the mean of every rater but one, averaged over the rater left out inside each case; the human row is that rater against the same reference.",
            ),
        });
    }
    rules
        .into_iter()
        .map(|rule| format!("Reference {rule}"))
        .collect()
}

/// The rule of each metric that stands over a column.
fn metrics(heaps: &Heaps<'_>) -> Vec<String> {
    Rule::ALL
        .iter()
        .filter(|rule| heaps.columns.iter().any(|column| column.metric == rule.id))
        .map(|rule| format!("Metric {rule}."))
        .collect()
}

/// What fused labels are, where there are some.
fn fusions(heaps: &Heaps<'_>) -> Option<String> {
    heaps.rows.iter().any(|row| is_fusion(row.output)).then(|| {
        "Fused labels are the raters' own masks of the test cases, joined: no prediction. fused (learned): with each recurrence's \
         confidences, which sum to 1 over those who are joined; fusion:KIND: without a network, the same for every seed."
            .to_owned()
    })
}
