//! The table as a pure function of an experiment's runs and scores.

use mrprism_protocol::id::RunId;
use mrprism_protocol::spec::{Output, RaterIdentity, Reference};
use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::{Score, Table};

use super::order::Order;
use super::{cells, human, notes};
use crate::domain::RunFacts;

/// What a table is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// The experiment's name.
    pub experiment: String,
    /// What it asks.
    pub question: String,
    /// The arm that tests compare with.
    pub baseline: Option<String>,
    /// Every run, in the experiment's order.
    pub runs: Vec<RunFacts>,
    /// Scores of runs; those of runs that have not succeeded are left out.
    pub scores: Vec<RunScore>,
}

/// A score and the run it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct RunScore {
    /// The run.
    pub run: RunId,
    /// The score.
    pub score: Score,
}

/// A score of a run that has succeeded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scored<'a> {
    pub(super) run: &'a RunFacts,
    pub(super) score: &'a Score,
}

/// Builds the table.
///
/// A cell is the mean over seeds of the mean over folds of the mean over test cases; leave-one-out references are first
/// averaged over raters inside a case. Its deviation is over seeds, with n − 1.
pub fn build(results: &Results) -> Table {
    let order = Order::new(&results.runs);
    let scored: Vec<Scored<'_>> = results
        .scores
        .iter()
        .filter_map(|found| {
            let run = results.runs.iter().find(|run| run.run == found.run)?;
            (run.state == JobState::Succeeded).then_some(Scored {
                run,
                score: &found.score,
            })
        })
        .collect();
    let (refused, shown): (Vec<_>, Vec<_>) = scored.iter().copied().partition(per_rater_refused);
    let cells = cells::of(&shown, &results.runs, &order);
    let human = human::of(&scored, &order);
    let notes = notes::of(results, &shown, &cells, &human, !refused.is_empty());
    Table {
        schema: "mrprism.table/1".to_owned(),
        experiment: results.experiment.clone(),
        question: results.question.clone(),
        rows: cells.rows,
        columns: cells.columns,
        cells: cells.filled,
        human: human.cells,
        notes,
    }
}

/// Whether a score speaks of one rater slot where slots mean nothing.
fn per_rater_refused(scored: &Scored<'_>) -> bool {
    scored.run.spec.dataset.rater_identity == RaterIdentity::Exchangeable
        && (matches!(scored.score.reference, Reference::Rater(_))
            || matches!(scored.score.output, Output::Head(_)))
}
