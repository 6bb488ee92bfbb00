//! Tables: what they say of arms, of learned confidences, of heads and of fused labels.

use mrprism_protocol::spec::{
    EncoderWeights, FusionKind, MethodSpec, Output, RaterIdentity, Reference,
};
use mrprism_protocol::wire::{Score, Table};
use mrprism_report::table::build;

use crate::study::{Scoring, dice, near, results};

#[test]
fn encoders_are_a_note_where_arms_agree_and_a_flag_where_they_differ() {
    let mut results = results(1, "");
    results.score(0, [dice("a", Reference::Mean, 0.5)]);
    results.score(1, [dice("a", Reference::Mean, 0.6)]);
    let table = build(&results);
    let told = |table: &Table| {
        let said = |note: &&String| note.starts_with("encoder: ");
        table.notes.iter().find(said).cloned()
    };
    assert_eq!(
        told(&table).unwrap(),
        "encoder: random in every arm (no imported weights)."
    );
    assert!(table.cells.iter().all(|cell| cell.flags.is_empty()));
    let MethodSpec::Mrprism(method) = &mut results.runs[1].spec.method else {
        panic!("the fixture runs mrprism");
    };
    method.network.encoder_weights = EncoderWeights::Imported("0a".repeat(32));
    let table = build(&results);
    assert_eq!(told(&table), None);
    let flags: Vec<_> = table.cells.iter().map(|cell| &cell.flags[..]).collect();
    assert_eq!(
        flags,
        [["encoder: random"], ["encoder: blake3:0a0a0a0a0a0a"]]
    );
    let arms: Vec<_> = table
        .arms
        .iter()
        .map(|arm| (arm.arm.as_str(), arm.encoder.as_str()))
        .collect();
    assert_eq!(arms, [("one", "random"), ("three", "blake3:0a0a0a0a0a0a")]);
}

fn of(output: Output, score: Score) -> Score {
    Score { output, ..score }
}

fn metric(metric: &str, score: Score) -> Score {
    Score {
        metric: metric.to_owned(),
        ..score
    }
}

/// Mean and whether it is the best, of a row's output and a column's reference and metric.
fn found(table: &Table, output: Output, reference: Reference, metric: &str) -> (f64, bool) {
    let row = table.rows.iter().position(|row| row.output == output);
    let of = |column: &&mrprism_protocol::wire::TableColumn| {
        column.reference == reference && column.metric == metric
    };
    let column = table.columns.iter().find(of).unwrap();
    let column = table.columns.iter().position(|other| other == column);
    let cell = table
        .cells
        .iter()
        .find(|cell| (Some(cell.row), Some(cell.column)) == (row, column))
        .unwrap();
    (cell.mean, cell.best)
}

const DICE: &str = "soft_dice@1";

#[test]
fn raters_held_out_of_a_fusion_are_one_column_averaged_inside_a_case() {
    let mut results = results(1, "");
    let scores = [("a", 1, 0.3), ("a", 2, 0.6), ("a", 3, 0.9), ("b", 1, 0.2)];
    let free = Output::Fusion(FusionKind::Staple);
    for (output, more) in [(Output::Fused, 0.0), (free, 0.05)] {
        let scores = scores.map(|(case, rater, value)| {
            of(output, dice(case, Reference::Rater(rater), value + more))
        });
        results.score(0, scores);
    }
    results.score(0, [dice("a", Reference::Rater(1), 0.95)]);
    let table = build(&results);
    let held_out = Reference::Rater(0);
    let (mean, best) = found(&table, Output::Fused, held_out, DICE);
    near(mean, 0.4);
    assert!(!best);
    let (mean, best) = found(&table, free, held_out, DICE);
    near(mean, 0.45);
    assert!(best, "fusions are ranked among themselves");
    let (_, best) = found(&table, Output::Prediction, Reference::Rater(1), DICE);
    assert!(best);
    assert_eq!(table.columns.len(), 2);
    let notes = table.notes.join("\n");
    assert!(notes.contains("rater:0 (held-out rater)"), "{notes}");
    assert!(notes.contains("no prediction"), "{notes}");
}

#[test]
fn a_fusion_is_never_the_best_prediction_against_arbitrated_masks() {
    let mut results = results(1, "");
    let arbitrated = Reference::Arbitrated;
    results.score(0, [dice("a", arbitrated, 0.7)]);
    results.score(0, [of(Output::Fused, dice("a", arbitrated, 0.9))]);
    let table = build(&results);
    assert!(found(&table, Output::Prediction, arbitrated, DICE).1);
    assert!(found(&table, Output::Fused, arbitrated, DICE).1);
}

#[test]
fn confidences_and_heads_of_exchangeable_raters_are_refused_and_fusions_are_not() {
    let scores = || {
        let rater = |score: f64| dice("a", Reference::Rater(1), score);
        [
            metric("confidence@1", rater(0.4)),
            metric("head_to_rater_soft_dice@1", of(Output::Head(1), rater(0.5))),
            of(Output::Fused, rater(0.6)),
        ]
    };
    let mut results = results(1, "");
    results.score(0, scores());
    let stable = build(&results);
    let metrics: Vec<_> = stable
        .columns
        .iter()
        .map(|column| column.metric.as_str())
        .collect();
    assert_eq!(metrics, [DICE, "confidence@1", "head_to_rater_soft_dice@1"]);
    for run in &mut results.runs {
        run.spec.dataset.rater_identity = RaterIdentity::Exchangeable;
    }
    let table = build(&results);
    assert_eq!(table.columns.len(), 1);
    near(
        found(&table, Output::Fused, Reference::Rater(0), DICE).0,
        0.6,
    );
    let notes = table.notes.join("\n");
    assert!(notes.contains("refused"), "{notes}");
}
