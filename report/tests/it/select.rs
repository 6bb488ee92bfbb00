//! Parts of tables: what is shown keeps its numbers and marks.

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::wire::Table;
use mrprism_report::table::{Selection, build};

use crate::study::{Scoring, alone, dice, human, results};

fn table() -> Table {
    let mut results = results(2, "");
    for run in 0..4 {
        let value = 0.5 + f64::from(run) / 10.0;
        let mut last = dice("a", Reference::Mean, value + 0.05);
        last.recurrence = Some(1);
        results.score(
            run as usize,
            [
                dice("a", Reference::Mean, value),
                dice("a", Reference::Rater(1), value),
                dice("a", Reference::Rater(2), value),
                alone("area@1", 0, 0.2),
                human(1, "a", 0.9),
                last,
            ],
        );
    }
    build(&results)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn a_part_keeps_its_numbers_and_the_marks_of_the_whole_table() {
    let whole = table();
    let selection = Selection {
        arms: words(&["one"]),
        recurrences: vec![0],
        references: words(&["rater", "mean"]),
        metrics: words(&["soft_dice"]),
    };
    let part = selection.of(&whole).unwrap();
    assert_eq!(part.rows.len(), 1);
    assert_eq!(part.columns.len(), 3);
    assert_eq!(part.cells.len(), 3);
    assert!(part.human.is_empty(), "its reference is not shown");
    for cell in &part.cells {
        let same = whole.cells.iter().find(|found| {
            whole.rows[found.row] == part.rows[cell.row]
                && whole.columns[found.column] == part.columns[cell.column]
        });
        let same = same.unwrap();
        assert_eq!(cell.mean.to_bits(), same.mean.to_bits());
        assert_eq!((cell.best, cell.second), (same.best, same.second));
    }
    assert!(
        part.cells.iter().all(|cell| !cell.best),
        "arm 'three' is better"
    );
    assert_eq!(part.arms.len(), 1);
    assert!(part.factors.iter().all(|factor| factor.values.len() == 1));
    assert!(part.notes[0].starts_with("A part of the table: one; Rec0; rater, mean; soft_dice."));
    assert_eq!(part.notes[1..], whole.notes);
}

#[test]
fn an_empty_selection_is_the_whole_table() {
    let whole = table();
    assert_eq!(Selection::default().of(&whole).unwrap(), whole);
}

#[test]
fn ranks_stay_where_every_arm_does() {
    let mut whole = table();
    whole.ranks = vec![mrprism_protocol::wire::TableRanks {
        column: whole
            .columns
            .iter()
            .position(|column| column.reference == Reference::Rater(2))
            .unwrap(),
        rows: whole
            .rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.recurrence == Some(0) && row.output == Output::Prediction)
            .map(|(at, _)| at)
            .collect(),
        mean_ranks: vec![2.0, 1.0],
        patients: 12,
        statistic: None,
        p: None,
        critical_difference: None,
        refused: None,
    }];
    let mut selection = Selection {
        references: words(&["rater:2"]),
        ..Selection::default()
    };
    let part = selection.of(&whole).unwrap();
    assert_eq!(part.ranks.len(), 1);
    assert_eq!(part.ranks[0].column, 0);
    selection.arms = words(&["one"]);
    assert!(selection.of(&whole).unwrap().ranks.is_empty());
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let whole = table();
    let told = |selection: Selection| selection.of(&whole).unwrap_err().to_string();
    let error = told(Selection {
        arms: words(&["two"]),
        ..Selection::default()
    });
    assert_eq!(
        error,
        "the table of 'study' has no arm 'two': it has one, three"
    );
    let error = told(Selection {
        recurrences: vec![7],
        ..Selection::default()
    });
    assert!(error.contains("no recurrence '7': it has 0, 1"), "{error}");
    let error = told(Selection {
        metrics: words(&["dice"]),
        ..Selection::default()
    });
    assert!(error.contains("it has soft_dice@1, area@1"), "{error}");
    let error = told(Selection {
        references: words(&["staple"]),
        ..Selection::default()
    });
    assert!(error.contains("rater:1, rater:2"), "{error}");
}
