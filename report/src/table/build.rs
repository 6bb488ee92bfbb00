//! The table as a pure function of an experiment's runs and scores.

use std::collections::HashMap;

use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::Table;

use super::order::Order;
use super::{cells, encoders, human, notes};
use crate::results::{Results, Scored};

/// Builds the table.
///
/// A cell is the mean over seeds of the mean over folds of the mean over test cases; leave-one-out references are first
/// averaged over raters inside a case. Its deviation is over seeds, with n − 1.
pub fn build(results: &Results) -> Table {
    let order = Order::new(&results.runs);
    let succeeded: HashMap<_, _> = results
        .runs
        .iter()
        .filter(|run| run.state == JobState::Succeeded)
        .map(|run| (run.run, run))
        .collect();
    let scored: Vec<Scored<'_>> = results
        .scores
        .iter()
        .filter_map(|found| {
            let run = succeeded.get(&found.run)?;
            let score = &found.score;
            Some(Scored { run, score })
        })
        .collect();
    let (refused, shown): (Vec<_>, Vec<_>) = scored
        .iter()
        .copied()
        .partition(Scored::is_of_exchangeable_rater);
    let mut cells = cells::of(&shown, &results.runs, &order);
    let arms = encoders::arms(&results.runs);
    encoders::flag(&mut cells.filled, &cells.rows, &arms);
    let human = human::of(&scored, &order);
    let mut notes = notes::of(results, &shown, &cells, &human, !refused.is_empty());
    notes.extend(encoders::note(&arms));
    Table {
        schema: "mrprism.table/1".to_owned(),
        experiment: results.experiment.clone(),
        question: results.question.clone(),
        arms,
        baseline: results.baseline.clone(),
        factors: Vec::new(),
        rows: cells.rows,
        columns: cells.columns,
        cells: cells.filled,
        human: human.cells,
        ranks: Vec::new(),
        notes,
    }
}
