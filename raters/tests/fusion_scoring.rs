//! What fusions score, what is held out, and which references are refused.

use mrprism_protocol::spec::{
    ArbitratedKind, EvaluationSpec, FusionKind, Metric, Output, Reference, ReferenceFamily,
};
use mrprism_protocol::wire::Score;
use mrprism_raters::case::Case;
use mrprism_raters::fusion::{FusedMap, Masks, fuse};
use mrprism_raters::metric::{Levels, soft_dice};
use mrprism_raters::prediction::{StoredPrediction, map_from_fixed, to_fixed};
use mrprism_raters::score::{ScoringError, score_case, score_fusions};
use ndarray::{Array3, Array4, Array5, s};

/// Raters who mark the first columns of 2 × 8 pixels; the arbitrated mask marks three.
fn case(name: &str, widths: &[usize]) -> Case {
    let shape = (widths.len(), 1, 2, 8);
    Case {
        name: name.to_owned(),
        patient: name.to_owned(),
        image: Array3::zeros((1, 2, 8)),
        masks: Array4::from_shape_fn(shape, |(m, _, _, x)| u8::from(x < widths[m])),
        label: None,
        present: vec![true; widths.len()],
        arbitrated: Some(Array3::from_shape_fn((1, 2, 8), |(_, _, x)| {
            u8::from(x < 3)
        })),
    }
}

fn scored(
    cases: &[Case],
    kinds: &[FusionKind],
    families: &[ReferenceFamily],
    arbitrated: Option<ArbitratedKind>,
) -> Result<Vec<Score>, ScoringError> {
    let spec = EvaluationSpec {
        recurrences: 1,
        references: families.to_vec(),
        metrics: vec![Metric::SoftDice],
        fusions: Vec::new(),
    };
    score_fusions(cases, kinds, &spec, &["s".to_owned()], arbitrated)
}

#[test]
fn a_rater_is_met_by_the_fusion_of_the_others() {
    let cases = [case("a", &[2, 4, 4])];
    let kinds = [FusionKind::Majority];
    let found = scored(&cases, &kinds, &[ReferenceFamily::Raters], None).unwrap();
    let values: Vec<_> = found
        .iter()
        .map(|s| (s.output, s.reference, s.value))
        .collect();
    let output = Output::Fusion(FusionKind::Majority);
    // Without rater 1 the majority marks 4 columns against 2; without rater 2 or 3 it marks 2 (a tie is background) against 4.
    for (number, (found, reference, value)) in (1..).zip(&values) {
        assert_eq!((*found, *reference), (output, Reference::Rater(number)));
        assert!((value - 2.0 * 2.0 / 6.0).abs() < 1e-4, "{value}");
    }
    assert_eq!(values.len(), 3);
    assert_eq!(found[0].metric, "soft_dice@1");
    assert_eq!(found[0].recurrence, None);
}

#[test]
fn an_absent_rater_is_not_held_out_and_one_alone_has_no_others() {
    let mut both = case("a", &[2, 4, 4]);
    both.present[1] = false;
    let mut alone = case("b", &[2, 4, 4]);
    alone.present = vec![false, false, true];
    for kind in FusionKind::ALL {
        let cases = [both.clone(), alone.clone()];
        let found = scored(&cases, &[*kind], &[ReferenceFamily::Raters], None).unwrap();
        let references: Vec<_> = found
            .iter()
            .map(|s| (s.case.as_str(), s.reference))
            .collect();
        let expected = [("a", Reference::Rater(1)), ("a", Reference::Rater(3))];
        assert_eq!(references, expected, "{kind}");
    }
}

#[test]
fn arbitrated_masks_meet_the_fusion_of_everybody() {
    let cases = [case("a", &[2, 3, 8])];
    let kinds = [FusionKind::Majority, FusionKind::ShapeAverage];
    let families = [ReferenceFamily::Arbitrated];
    let kind = Some(ArbitratedKind::Expert);
    let found = scored(&cases, &kinds, &families, kind).unwrap();
    assert_eq!(found.len(), 2);
    assert!(
        found
            .iter()
            .all(|score| score.reference == Reference::Arbitrated)
    );
    assert!((found[0].value - 1.0).abs() < 1e-9);
    let mut without = cases[0].clone();
    without.arbitrated = None;
    assert!(
        scored(&[without], &kinds, &families, None)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_reference_that_holds_the_fused_masks_is_refused() {
    let cases = [case("a", &[2, 3, 8])];
    for family in ReferenceFamily::ALL {
        let found = scored(
            &cases,
            FusionKind::ALL,
            &[*family],
            Some(ArbitratedKind::Staple),
        );
        if *family == ReferenceFamily::Raters {
            assert!(found.is_ok());
            continue;
        }
        let told = found.unwrap_err().to_string();
        assert!(told.contains("Ask for 'raters'"), "{told}");
        assert!(told.contains(family.as_str()), "{told}");
    }
}

#[test]
fn a_fusion_over_the_data_set_is_fitted_without_the_rater_on_every_case() {
    let mut cases = vec![case("a", &[3, 3, 7, 4]), case("b", &[4, 4, 1, 5])];
    let value = |cases: &[Case]| {
        let kinds = [FusionKind::DawidSkeneShared];
        scored(cases, &kinds, &[ReferenceFamily::Raters], None)
            .unwrap()
            .into_iter()
            .filter(|score| score.case == "a" && score.reference == Reference::Rater(3))
            .map(|score| score.value)
            .collect::<Vec<_>>()
    };
    let before = value(&cases);
    assert_eq!(before.len(), 1);
    // Whatever rater 3 draws on the other case, the fusion that is held against rater 3 does not see it.
    cases[1].masks.slice_mut(ndarray::s![2, .., .., ..]).fill(1);
    assert_eq!(before, value(&cases));
}

#[test]
fn a_prediction_is_scored_against_staples_soft_map() {
    // Raters who hardly agree, so that STAPLE stays in doubt.
    let mut case = case("a", &[0, 0, 0]);
    case.masks = Array4::from_shape_fn((3, 1, 2, 8), |(m, _, y, x)| {
        u8::from((7 * x + 3 * y + 5 * m * m + m * x * (y + 1)) % 4 < 2)
    });
    let stored = StoredPrediction {
        case: "a".to_owned(),
        prediction: Array4::from_shape_fn((1, 1, 2, 8), |(_, _, _, x)| {
            to_fixed(1.0 - x as f32 / 8.0)
        }),
        heads: Array5::zeros((1, 0, 1, 2, 8)),
        confidences: Array5::zeros((1, 0, 1, 2, 8)),
        hypotheses: Array4::zeros((0, 1, 2, 8)),
    };
    let spec = EvaluationSpec {
        recurrences: 1,
        references: vec![ReferenceFamily::Staple],
        metrics: vec![Metric::SoftDice],
        fusions: Vec::new(),
    };
    let scores = score_case(&case, &stored, &spec, &["s".to_owned()]).unwrap();
    let found = scores
        .iter()
        .find(|score| score.reference == Reference::Staple)
        .unwrap();
    let FusedMap::Soft(w) = fuse(&Masks::of_case(&case, 0).unwrap(), FusionKind::Staple).map else {
        panic!("STAPLE is soft");
    };
    assert!(w.iter().any(|value| (0.01..0.99).contains(value)), "{w}");
    let prediction = map_from_fixed(&stored.prediction.slice(s![0, 0, .., ..]));
    let expected = soft_dice(&Levels::of_map(&prediction), &Levels::of_map(&w));
    assert!((found.value - expected).abs() < 1e-15);
    // Nobody there: no reference.
    case.present.fill(false);
    let scores = score_case(&case, &stored, &spec, &["s".to_owned()]).unwrap();
    assert!(
        scores
            .iter()
            .all(|score| score.reference == Reference::Alone)
    );
}
