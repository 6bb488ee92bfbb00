//! A table beside the paper's.

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::wire::{Table, TableCell, TableColumn, TableRow};
use mrprism_report::against::{Paper, PaperError, compare, csv, markdown, text};

const MAP: &str = include_str!("../../../experiments/reference/paper.toml");

fn file(name: &str) -> Option<String> {
    let text = match name {
        "table1.csv" => include_str!("../../../experiments/reference/table1.csv"),
        "table2.csv" => include_str!("../../../experiments/reference/table2.csv"),
        "table3.csv" => include_str!("../../../experiments/reference/table3.csv"),
        "table4.csv" => include_str!("../../../experiments/reference/table4.csv"),
        _ => return None,
    };
    Some(text.to_owned())
}

fn paper() -> Paper {
    Paper::read("paper.toml", MAP, file).unwrap()
}

/// Brain growth with four arms, REFUGE with one; means that tell where they stand.
fn table() -> Table {
    let text = include_str!("../fixtures/two-arms.json");
    let mut table: Table = serde_json::from_str(text).unwrap();
    "growth".clone_into(&mut table.experiment);
    let row = |arm: &str, output: &str, recurrence| TableRow {
        arm: arm.to_owned(),
        output: output.parse().unwrap(),
        recurrence,
    };
    table.rows = vec![
        row("mrnet", "prediction", Some(0)),
        row("mrprism", "prediction", Some(0)),
        row("mrprism", "prediction", Some(2)),
        row("mrprism", "fused", Some(2)),
        row("mrprism", "fusion:staple", None),
        row("unet-majority", "prediction", Some(0)),
    ];
    let column = |dataset: &str, structure: &str, reference| TableColumn {
        dataset: dataset.to_owned(),
        structure: structure.to_owned(),
        reference,
        metric: "soft_dice@1".to_owned(),
    };
    table.columns = vec![
        column("qubiq/brain-growth", "growth", Reference::Mean),
        column("qubiq/brain-growth", "growth", Reference::Majority),
        column("qubiq/brain-growth", "growth", Reference::Rater(0)),
        column("refuge-cropped", "cup", Reference::Arbitrated),
    ];
    let cell = table.cells[0].clone();
    let is_fused = |output: Output| matches!(output, Output::Fused | Output::Fusion(_));
    let mut cells = Vec::new();
    for (row, of) in table.rows.iter().enumerate() {
        for (column, against) in table.columns.iter().enumerate() {
            let fused = against.reference == Reference::Rater(0);
            if fused == is_fused(of.output) && (column < 3 || of.arm == "mrnet") {
                cells.push(TableCell {
                    row,
                    column,
                    mean: 0.8 + row as f64 / 100.0 + column as f64 / 1000.0,
                    ..cell.clone()
                });
            }
        }
    }
    table.cells = cells;
    table
}

#[test]
fn ours_stand_beside_the_papers_with_what_each_was_scored_against() {
    let against = compare(&table(), &paper());
    insta::assert_snapshot!(text(&against));
    insta::assert_snapshot!("against_as_markdown", markdown(&against));
    let lines: Vec<_> = against
        .tables
        .iter()
        .flat_map(|table| &table.lines)
        .collect();
    let printed = csv(&against);
    assert_eq!(printed.lines().count(), 1 + lines.len());
    let refuge = "1,MRNet,refuge_cup,the arbitrated masks of the test cases,mrnet,prediction,0,refuge-cropped,cup,arbitrated,0.803,";
    assert!(printed.contains(refuge), "{printed}");
    for line in lines {
        assert!((line.ours - line.paper - line.difference).abs() < 1e-12);
    }
}

#[test]
fn what_nothing_answers_to_is_said() {
    let mut table = table();
    table
        .rows
        .iter_mut()
        .for_each(|row| row.arm = "mine".to_owned());
    table.rows.retain(|row| row.output == Output::Prediction);
    table.cells.retain(|cell| cell.row < table.rows.len());
    let against = compare(&table, &paper());
    assert!(against.tables.is_empty());
    assert_eq!(
        against.notes,
        [
            "Nothing here answers to the paper's table 1, 2, 3, 4.",
            "Not in the paper: mine."
        ]
    );
}

#[test]
fn a_map_that_does_not_fit_is_refused() {
    let told = |map: &str| Paper::read("paper.toml", map, file).unwrap_err();
    assert_eq!(
        told(&MAP.replace("\"WDNet\"", "\"WDNett\"")).to_string(),
        "table1.csv: has no row 'WDNett', which the map names"
    );
    let missing = told(&MAP.replace("table4.csv", "table5.csv"));
    assert!(matches!(missing, PaperError::Missing { .. }), "{missing}");
    let typo = told(&MAP.replace("datasets =", "dataset =")).to_string();
    assert!(typo.starts_with("paper.toml:"), "{typo}");
}
