//! Scores of sets: heads as hypotheses, each head against each rater, the raters among themselves.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]
#![expect(
    clippy::float_cmp,
    reason = "the expected numbers are quotients and roots that are rounded once"
)]

use mrprism_protocol::spec::{EvaluationSpec, Metric, Output, Reference, ReferenceFamily};
use mrprism_protocol::wire::Score;
use mrprism_raters::case::Case;
use mrprism_raters::metric::Rule;
use mrprism_raters::prediction::{StoredPrediction, to_fixed};
use mrprism_raters::score::{human, score_case, score_maps};
use ndarray::{Array2, Array4, Array5};

/// Rater 1 marks one column of 2 × 4 pixels, rater 2 two, rater 3 none.
fn case() -> Case {
    let masks = [1, 2, 0].map(columns);
    Case::of_masks("c", &masks, None).unwrap()
}

fn columns(count: usize) -> Array2<u8> {
    Array2::from_shape_fn((2, 4), |(_, x)| u8::from(x < count))
}

/// Two recurrences. Heads say what the raters say in the first; in the second all mark two columns. Predictions mark one.
fn stored(heads: usize) -> StoredPrediction {
    StoredPrediction {
        case: "c".to_owned(),
        prediction: Array4::from_shape_fn((2, 1, 2, 4), |(_, _, _, x)| {
            to_fixed(if x < 1 { 0.8 } else { 0.1 })
        }),
        heads: Array5::from_shape_fn((2, heads, 1, 2, 4), |(rec, m, _, _, x)| {
            to_fixed(if x < [[1, 2, 0][m], 2][rec] { 0.6 } else { 0.4 })
        }),
        confidences: Array5::zeros((2, 0, 1, 2, 4)),
        hypotheses: Array4::zeros((0, 1, 2, 4)),
    }
}

fn spec(metrics: &[Metric]) -> EvaluationSpec {
    EvaluationSpec {
        recurrences: 2,
        references: vec![ReferenceFamily::Mean, ReferenceFamily::LeaveOneOut],
        metrics: metrics.to_vec(),
        fusions: Vec::new(),
    }
}

fn structures() -> Vec<String> {
    vec!["s".to_owned()]
}

fn of_rule<'a>(scores: &'a [Score], rule: &Rule) -> Vec<&'a Score> {
    scores
        .iter()
        .filter(|score| score.metric == rule.id)
        .collect()
}

#[test]
fn heads_are_the_hypotheses_and_a_method_without_heads_has_one() {
    let spec = spec(&[Metric::GedSquared, Metric::BestMatchDice]);
    let with = score_case(&case(), &stored(3), &spec, &structures()).unwrap();
    let value = |scores: &[Score], rule: &Rule, recurrence: usize| {
        let scores = of_rule(scores, rule);
        assert_eq!(scores.len(), 2);
        let score = scores[recurrence];
        assert_eq!(
            (score.output, score.reference, score.recurrence),
            (
                Output::Prediction,
                Reference::RaterSet,
                Some(recurrence as u32)
            )
        );
        score.value
    };
    assert!(value(&with, &Rule::GED_SQUARED, 0) < 1e-12);
    assert_eq!(value(&with, &Rule::BEST_MATCH_DICE, 0), 1.0);
    // All heads alike: distances to the raters 1/2, 0 and 1; among raters 1/2, 1 and 1, each twice in nine pairs.
    let expected = 2.0 * 0.5 - 2.0 * 2.5 / 9.0;
    assert!((value(&with, &Rule::GED_SQUARED, 1) - expected).abs() < 1e-12);
    let expected = (2.0 / 3.0 + 1.0 + 0.0) / 3.0;
    assert!((value(&with, &Rule::BEST_MATCH_DICE, 1) - expected).abs() < 1e-12);
    // The prediction alone: 0, 1/2 and 1 from the raters.
    let without = score_case(&case(), &stored(0), &spec, &structures()).unwrap();
    let expected = 2.0 * 0.5 - 2.0 * 2.5 / 9.0;
    assert!((value(&without, &Rule::GED_SQUARED, 0) - expected).abs() < 1e-12);
}

#[test]
fn each_head_is_scored_against_each_present_rater() {
    let mut case = case();
    case.present[1] = false;
    let spec = spec(&[Metric::HeadToRaterDice]);
    let scores = score_case(&case, &stored(3), &spec, &structures()).unwrap();
    let matrix: Vec<_> = of_rule(&scores, &Rule::HEAD_TO_RATER_DICE)
        .into_iter()
        .filter(|score| score.recurrence == Some(0))
        .map(|score| (score.output, score.reference, score.value))
        .collect();
    let (head, rater) = (Output::Head, Reference::Rater);
    assert_eq!(
        matrix,
        [
            (head(1), rater(1), 1.0),
            (head(1), rater(3), 0.0),
            (head(2), rater(1), 2.0 / 3.0),
            (head(2), rater(3), 0.0),
            (head(3), rater(1), 0.0),
            (head(3), rater(3), 1.0),
        ]
    );
    let none = score_case(&case, &stored(0), &spec, &structures()).unwrap();
    assert!(of_rule(&none, &Rule::HEAD_TO_RATER_DICE).is_empty());
}

#[test]
fn agreement_is_said_once_a_structure_and_of_two_raters_or_more() {
    let spec = spec(&[Metric::PairwiseDice, Metric::FleissKappa]);
    let mut case = case();
    let scores = score_case(&case, &stored(3), &spec, &structures()).unwrap();
    for (rule, expected) in [
        (Rule::PAIRWISE_DICE, 2.0 / 9.0),
        // Of eight pixels two raters mark two, one marks two, none four: 16 of 24 pairs agree, 6 of 24 marks are 1.
        (Rule::FLEISS_KAPPA, (16.0 / 24.0 - 0.625) / 0.375),
    ] {
        let found = of_rule(&scores, &rule);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].output, found[0].reference, found[0].recurrence),
            (Output::RaterSet, Reference::Alone, None)
        );
        assert!(
            (found[0].value - expected).abs() < 1e-12,
            "{}",
            found[0].value
        );
    }
    case.present = vec![true, false, false];
    let scores = score_case(&case, &stored(3), &spec, &structures()).unwrap();
    assert!(
        scores
            .iter()
            .all(|score| score.output == Output::Prediction)
    );
}

#[test]
fn every_metric_of_a_map_has_a_human_row_and_no_other_has_one() {
    let row = human(&[case()], &spec(Metric::ALL), &structures());
    let metrics: std::collections::BTreeSet<_> = row.iter().map(|score| &score.metric).collect();
    assert_eq!(metrics.len(), 11);
    assert_eq!(row.len(), 11 * 3);
    let sets = ["ged", "best_match", "head", "pairwise", "fleiss"];
    assert!(
        !metrics
            .iter()
            .any(|metric| sets.iter().any(|set| metric.starts_with(set)))
    );
    // Rater 3 marks nothing; of the others' two votes only column 1 has more than half.
    let distance = row
        .iter()
        .find(|score| score.output == Output::Rater(3) && score.metric == Rule::HAUSDORFF_95.id);
    assert_eq!(distance.unwrap().value, 20.0_f64.sqrt());
}

#[test]
fn maps_of_another_size_are_refused() {
    let spec = spec(&[Metric::Dice]);
    let told = |maps: &[Array2<f32>]| {
        let refused = score_maps(&case(), maps, &spec, "s").unwrap_err();
        refused.to_string()
    };
    assert!(told(&[]).contains("at least one prediction"));
    let maps = [Array2::zeros((2, 4)), Array2::zeros((4, 2))];
    assert!(told(&maps).contains("prediction 2 has 2x4 pixels and the raters' masks 4x2"));
    let masks = [columns(1), Array2::zeros((3, 4))];
    let refused = Case::of_masks("c", &masks, None).unwrap_err().to_string();
    assert!(
        refused.contains("rater 2's mask has 4x3 pixels and rater 1's 4x2"),
        "{refused}"
    );
    assert!(Case::of_masks("c", &[], None).is_err());
}
