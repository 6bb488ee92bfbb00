//! The table as a pure function of an experiment's runs and scores.

use std::collections::HashMap;

use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::Table;

use super::heap::Heaps;
use super::order::Order;
use super::{
    best, cells, comparable, compare, encoders, factors, human, human_range, notes, ranks,
};
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
    let heaps = Heaps::of(&shown, &order);
    let baseline = results.baseline.as_deref();
    let mut cells = cells::of(&heaps, &results.runs);
    best::mark(&mut cells, &heaps.rows, &heaps.columns);
    let arms = encoders::arms(&results.runs);
    comparable::flag(&mut cells, &heaps, baseline);
    encoders::flag(&mut cells, &heaps.rows, &arms);
    compare::with_baseline(&mut cells, &heaps, baseline);
    let human = human::of(&scored, &order);
    human_range::mark(&mut cells, &heaps.rows, &heaps.columns, &human.cells);
    let mut notes = notes::of(results, &shown, &heaps, &cells, &human, !refused.is_empty());
    notes.extend(encoders::note(&arms));
    Table {
        schema: "mrprism.table/1".to_owned(),
        experiment: results.experiment.clone(),
        question: results.question.clone(),
        factors: factors::of(&results.runs, &arms),
        arms,
        baseline: results.baseline.clone(),
        ranks: ranks::of(&heaps),
        rows: heaps.rows,
        columns: heaps.columns,
        cells,
        human: human.cells,
        notes,
    }
}
