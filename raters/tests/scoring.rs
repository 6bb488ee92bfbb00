//! What scoring says and what it refuses.

use mrprism_protocol::spec::{EvaluationSpec, Metric, Output, Reference, ReferenceFamily};
use mrprism_raters::case::Case;
use mrprism_raters::prediction::{StoredPrediction, to_fixed};
use mrprism_raters::score::{human, score_case};
use ndarray::{Array3, Array4, Array5};

/// Three raters on 2 × 4 pixels: rater 1 marks two columns, rater 2 three, rater 3 none.
fn case() -> Case {
    let widths = [2, 3, 0];
    Case {
        name: "c".to_owned(),
        patient: "c".to_owned(),
        label: None,
        image: Array3::zeros((1, 2, 4)),
        masks: Array4::from_shape_fn((3, 1, 2, 4), |(m, _, _, x)| u8::from(x < widths[m])),
        present: vec![true; 3],
        arbitrated: None,
    }
}

/// Rec0 marks two columns with 0.6, Rec1 with 1.
fn stored() -> StoredPrediction {
    StoredPrediction {
        case: "c".to_owned(),
        prediction: Array4::from_shape_fn((2, 1, 2, 4), |(rec, _, _, x)| {
            to_fixed(if x < 2 { [0.6, 1.0][rec] } else { 0.0 })
        }),
        heads: Array5::zeros((2, 3, 1, 2, 4)),
        confidences: Array5::from_elem((2, 3, 1, 2, 4), to_fixed(1.0 / 3.0)),
        hypotheses: Array4::zeros((0, 1, 2, 4)),
    }
}

fn spec(references: &[ReferenceFamily]) -> EvaluationSpec {
    EvaluationSpec {
        recurrences: 2,
        references: references.to_vec(),
        metrics: vec![Metric::SoftDice],
        fusions: Vec::new(),
    }
}

fn structures() -> Vec<String> {
    vec!["s".to_owned()]
}

#[test]
fn hand_worked_scores() {
    let scores = score_case(
        &case(),
        &stored(),
        &spec(ReferenceFamily::ALL),
        &structures(),
    )
    .unwrap();
    let value = |recurrence, reference, metric: &str| {
        let mut found = scores.iter().filter(|score| {
            score.recurrence == Some(recurrence)
                && score.reference == reference
                && score.metric == metric
        });
        let value = found.next().map(|score| score.value);
        assert!(found.next().is_none(), "two scores of one key");
        value
    };
    let near = |value: Option<f64>, expected: f64| (value.unwrap() - expected).abs() < 1e-4;
    // Against rater 1 the hard Rec1 is perfect; Rec0 passes three of five thresholds.
    assert!(near(value(1, Reference::Rater(1), "soft_dice@1"), 1.0));
    assert!(near(value(0, Reference::Rater(1), "soft_dice@1"), 0.6));
    // Against nobody's pixels a mark scores nothing, and Rec0 is empty above 0.6.
    assert!(near(value(1, Reference::Rater(3), "soft_dice@1"), 0.0));
    assert!(near(value(0, Reference::Rater(3), "soft_dice@1"), 0.4));
    // Votes are 2, 2, 1, 0 of 3: the reference has 3 columns at 0.1 and 0.3, 2 at 0.5, none at 0.7 and 0.9.
    assert!(near(
        value(1, Reference::Mean, "soft_dice@1"),
        (0.8 + 0.8 + 1.0) / 5.0
    ));
    assert!(near(value(1, Reference::Majority, "soft_dice@1"), 1.0));
    // Without rater 2 one of two marks two columns: marked at 0.1 and 0.3 alone (a tie is not above 0.5).
    assert!(near(
        value(1, Reference::LeaveOneOut(2), "soft_dice@1"),
        0.4
    ));
    assert_eq!(value(1, Reference::Arbitrated, "soft_dice@1"), None);
    assert!(near(value(0, Reference::Alone, "area@1"), 0.5));
    assert_eq!(value(0, Reference::Alone, "change@1"), None);
    assert!(near(value(1, Reference::Alone, "change@1"), 0.2));
    assert!(near(value(1, Reference::Alone, "confidence_spread@1"), 0.0));
    assert!(
        scores
            .iter()
            .all(|score| score.output == Output::Prediction)
    );
}

#[test]
fn an_absent_rater_is_no_reference_and_gets_no_human_row() {
    let mut case = case();
    case.present[1] = false;
    let families = [ReferenceFamily::Raters, ReferenceFamily::LeaveOneOut];
    let scores = score_case(&case, &stored(), &spec(&families), &structures()).unwrap();
    let about_two =
        |reference| matches!(reference, Reference::Rater(2) | Reference::LeaveOneOut(2));
    assert!(!scores.iter().any(|score| about_two(score.reference)));
    let row = human(&[case.clone()], &spec(&families), &structures());
    let outputs: Vec<_> = row.iter().map(|score| score.output).collect();
    assert_eq!(outputs, [Output::Rater(1), Output::Rater(3)]);
    assert!(
        human(
            &[case.clone()],
            &spec(&[ReferenceFamily::Mean]),
            &structures()
        )
        .is_empty()
    );
    // One rater alone has nobody to be compared with.
    case.present[2] = false;
    assert!(human(&[case], &spec(&families), &structures()).is_empty());
}

#[test]
fn a_prediction_that_does_not_fit_is_refused() {
    let told = |case: &Case, stored: &StoredPrediction, structures: &[String]| {
        let spec = spec(&[ReferenceFamily::Mean]);
        score_case(case, stored, &spec, structures)
            .unwrap_err()
            .to_string()
    };
    let mut other = stored();
    other.case = "d".to_owned();
    assert!(told(&case(), &other, &structures()).contains("of case 'd'"));
    let mut larger = stored();
    larger.prediction = Array4::zeros((2, 1, 4, 4));
    larger.heads = Array5::zeros((2, 3, 1, 4, 4));
    larger.confidences = Array5::zeros((2, 3, 1, 4, 4));
    assert!(told(&case(), &larger, &structures()).contains("4x4 pixels and the case 2x4"));
    let two = vec!["s".to_owned(), "t".to_owned()];
    assert!(told(&case(), &stored(), &two).contains("has 1 structures, the case 1 and the run 2"));
}
