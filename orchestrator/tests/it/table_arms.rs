//! Tables: what they say of arms, of learned confidences, of heads and of fused labels.

use mrprism_orchestrator::report::table::build;
use mrprism_protocol::spec::{EncoderWeights, MethodSpec, Reference};
use mrprism_protocol::wire::Table;

use crate::table::{Scoring, dice, results};

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
    let MethodSpec::Mrprism(method) = &mut results.runs[1].spec.method;
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
