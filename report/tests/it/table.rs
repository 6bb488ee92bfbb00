//! Tables: hand-worked numbers, and what people read.

use mrprism_protocol::spec::{RaterIdentity, Reference};
use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::{Score, Table, TableCell};
use mrprism_report::table::build;

use crate::study::{Scoring, alone, dice, human, near, results};

/// The cell of an arm's Rec0 against a reference.
fn cell<'a>(table: &'a Table, arm: &str, reference: Reference) -> &'a TableCell {
    let row = table
        .rows
        .iter()
        .position(|row| row.arm == arm && row.recurrence == Some(0))
        .unwrap();
    let column = table
        .columns
        .iter()
        .position(|column| column.reference == reference)
        .unwrap();
    table
        .cells
        .iter()
        .find(|cell| (cell.row, cell.column) == (row, column))
        .unwrap()
}

#[test]
fn a_cell_is_the_mean_over_seeds_of_the_mean_over_cases() {
    let mut results = results(2, "");
    // Seed 0: (0.6 + 0.8) / 2 = 0.7; seed 1: (0.8 + 1.0) / 2 = 0.9.
    results.score(
        0,
        [
            dice("a", Reference::Mean, 0.6),
            dice("b", Reference::Mean, 0.8),
        ],
    );
    results.score(
        1,
        [
            dice("a", Reference::Mean, 0.8),
            dice("b", Reference::Mean, 1.0),
        ],
    );
    let table = build(&results);
    let cell = cell(&table, "one", Reference::Mean);
    near(cell.mean, 0.8);
    // sqrt((0.1² + 0.1²) / (2 − 1)).
    near(cell.sd.unwrap(), 0.02_f64.sqrt());
    assert_eq!(
        (cell.n_seeds, cell.n_folds, cell.n_cases, cell.n_raters),
        (2, 1, 2, 3)
    );
    assert_eq!((cell.unit.as_str(), cell.p_adjusted), ("seeds", None));
}

#[test]
fn leave_one_out_is_averaged_over_raters_inside_a_case() {
    let mut results = results(1, "");
    let scores = [("a", 1, 0.3), ("a", 2, 0.6), ("a", 3, 0.9), ("b", 1, 0.2)];
    results.score(
        0,
        scores.map(|(case, r, value)| dice(case, Reference::LeaveOneOut(r), value)),
    );
    // Case a: 0.6, case b: 0.2; the mean of the four numbers would be 0.5.
    near(
        cell(&build(&results), "one", Reference::LeaveOneOut(0)).mean,
        0.4,
    );
}

#[test]
fn folds_are_averaged_before_seeds() {
    let mut results = results(2, "");
    // Seeds 0 and 1 of arm `one` become two folds of seed 0, with test cases of their own.
    results.runs[1].seed = results.runs[0].seed;
    results.runs[0].fold = Some(0);
    results.runs[1].fold = Some(1);
    results.score(
        0,
        [
            dice("a", Reference::Mean, 0.2),
            dice("b", Reference::Mean, 0.4),
        ],
    );
    results.score(1, [dice("c", Reference::Mean, 0.9)]);
    let table = build(&results);
    let cell = cell(&table, "one", Reference::Mean);
    near(cell.mean, 0.6);
    assert_eq!(
        (cell.n_seeds, cell.n_folds, cell.n_cases, cell.sd),
        (1, 2, 3, None)
    );
}

#[test]
fn the_best_and_the_second_are_marked_by_unrounded_means_in_soft_dice_columns_only() {
    let mut results = results(1, "");
    results.score(
        0,
        [
            dice("a", Reference::Mean, 0.800_000_01),
            alone("area@1", 0, 0.5),
        ],
    );
    results.score(
        1,
        [dice("a", Reference::Mean, 0.8), alone("area@1", 0, 0.4)],
    );
    let table = build(&results);
    let marks = |arm, reference| {
        let cell = cell(&table, arm, reference);
        (cell.best, cell.second)
    };
    assert_eq!(marks("one", Reference::Mean), (true, false));
    assert_eq!(marks("three", Reference::Mean), (false, true));
    assert_eq!(marks("one", Reference::Alone), (false, false));
    results.scores[2].score.value = 0.800_000_01;
    let table = build(&results);
    assert!(
        table.cells.iter().filter(|cell| cell.best).count() == 2,
        "equal means share"
    );
}

#[test]
fn the_human_row_is_each_rater_against_the_others_and_their_mean() {
    let mut results = results(2, "");
    for run in 0..4 {
        // Every run scores the raters again, to the same numbers.
        results.score(
            run,
            [human(1, "a", 0.7), human(1, "b", 0.9), human(2, "a", 0.6)],
        );
    }
    let table = build(&results);
    let human: Vec<_> = table
        .human
        .iter()
        .map(|cell| (cell.rater, cell.n_cases))
        .collect();
    assert_eq!(human, [(Some(1), 2), (Some(2), 1), (None, 2)]);
    near(table.human[0].mean, 0.8);
    near(table.human[2].mean, 0.7);
    near(table.human[2].sd.unwrap(), 0.02_f64.sqrt());
    assert!(table.rows.is_empty(), "raters are no rows");
}

#[test]
fn columns_of_exchangeable_raters_are_refused_and_said() {
    let mut results = results(1, "");
    for run in &mut results.runs {
        run.spec.dataset.rater_identity = RaterIdentity::Exchangeable;
    }
    let scores = [
        dice("a", Reference::Rater(1), 0.5),
        dice("a", Reference::Mean, 0.5),
    ];
    results.score(
        0,
        scores
            .into_iter()
            .chain([human(1, "a", 0.7), human(2, "a", 0.9)]),
    );
    let table = build(&results);
    let references: Vec<_> = table
        .columns
        .iter()
        .map(|column| column.reference)
        .collect();
    assert_eq!(references, [Reference::Mean]);
    assert!(
        table.notes.iter().any(|note| note.contains("exchangeable")),
        "{:?}",
        table.notes
    );
    assert_eq!(table.human.len(), 1, "no single rater");
    assert_eq!((table.human[0].rater, table.human[0].sd), (None, None));
}

#[test]
fn what_is_missing_is_said() {
    let mut results = results(2, "");
    results.runs[1].state = JobState::Failed;
    results.runs[3].state = JobState::Leased;
    results.score(0, [dice("a", Reference::Mean, 0.5)]);
    // Scores of a run that has not succeeded do not count.
    results.score(3, [dice("a", Reference::Mean, 0.9)]);
    let table = build(&results);
    assert_eq!(table.cells.len(), 1);
    assert_eq!(table.cells[0].flags, ["1 of 2 seeds"]);
    let notes = table.notes.join("\n");
    assert!(
        notes.contains("2 of 4 runs have no result: one seed 1 (failed), three seed 1 (leased)"),
        "{notes}"
    );
    assert!(
        notes.contains("Succeeded without a score: three seed 0"),
        "{notes}"
    );
    assert!(notes.contains("One seed"), "{notes}");
    assert!(
        notes.contains("'phantom' has no arbitrated masks"),
        "{notes}"
    );
}

#[test]
fn seeds_that_met_other_cases_are_flagged() {
    let mut results = results(2, "");
    results.score(0, [dice("a", Reference::Mean, 0.5)]);
    results.score(1, [dice("b", Reference::Mean, 0.5)]);
    assert_eq!(
        build(&results).cells[0].flags,
        ["seeds differ in their cases"]
    );
}

#[test]
fn an_experiment_without_results_is_an_empty_table_with_notes() {
    let mut results = results(1, "");
    for run in &mut results.runs {
        run.state = JobState::Queued;
    }
    let table = build(&results);
    assert!(table.rows.is_empty() && table.cells.is_empty() && table.human.is_empty());
    assert!(
        table.notes[0].starts_with("2 of 2 runs have no result"),
        "{:?}",
        table.notes
    );
}

#[test]
fn a_whole_table_reads_as_it_should() {
    let mut results = results(2, "[base.train]\nsteps = 150\n");
    for (run, shift) in [(0, 0.0), (1, 0.02), (2, 0.05), (3, 0.05)] {
        for recurrence in 0..2 {
            let gain = shift + 0.01 * f64::from(recurrence);
            let rec = |score: Score| Score {
                recurrence: Some(recurrence),
                ..score
            };
            let scores = ["a", "b"].into_iter().flat_map(|case| {
                [
                    dice(case, Reference::Mean, 0.8 + gain),
                    dice(case, Reference::Majority, 0.7 + gain),
                    dice(case, Reference::Rater(2), 0.6 + gain),
                    dice(case, Reference::Rater(1), 0.5 + gain),
                    dice(case, Reference::LeaveOneOut(1), 0.75 + gain),
                    dice(case, Reference::LeaveOneOut(2), 0.65 + gain),
                ]
            });
            results.score(run, scores.map(rec));
            results.score(run, [alone("area@1", recurrence, 0.25)]);
            if recurrence > 0 {
                results.score(run, [alone("change@1", recurrence, 0.03)]);
            }
        }
        results.score(run, [human(1, "a", 0.7), human(2, "a", 0.9)]);
    }
    let mut table = build(&results);
    // Sums of decimal fractions end in noise; a snapshot is for reading.
    let round = |value: &mut f64| *value = (*value * 1e6).round() / 1e6;
    for cell in &mut table.cells {
        round(&mut cell.mean);
        cell.sd.as_mut().map(round);
    }
    for cell in &mut table.human {
        round(&mut cell.mean);
        cell.sd.as_mut().map(round);
    }
    insta::assert_json_snapshot!(table);
}
