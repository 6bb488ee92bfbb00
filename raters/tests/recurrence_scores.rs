//! What a recurrence did: how each rater is trusted, which head fits which rater, and labels fused with the confidences.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

use mrprism_protocol::spec::{
    ArbitratedKind, EvaluationSpec, FusionKind, LabelFusion, Metric, Output, Reference,
    ReferenceFamily,
};
use mrprism_protocol::wire::Score;
use mrprism_raters::case::Case;
use mrprism_raters::fusion::{LearnedFusion, Masks, mean};
use mrprism_raters::prediction::{StoredPrediction, to_fixed};
use mrprism_raters::score::{
    score_case, score_label_fusions, score_learned_fusion, score_own_fusion,
};
use ndarray::{Array2, Array3, Array4, Array5, s};

/// Raters who mark the first columns of 2 × 8 pixels; the arbitrated mask marks three.
fn case(widths: &[usize]) -> Case {
    let masks: Vec<_> = widths.iter().map(|width| columns(*width)).collect();
    Case::of_masks("c", &masks, Some(&columns(3))).unwrap()
}

fn columns(count: usize) -> Array2<u8> {
    Array2::from_shape_fn((2, 8), |(_, x)| u8::from(x < count))
}

/// Three recurrences; head m marks m columns (from 1), the prediction two, and rater m is trusted with `shares[rec][m]` everywhere.
fn stored(shares: [[f32; 3]; 3]) -> StoredPrediction {
    StoredPrediction {
        case: "c".to_owned(),
        prediction: Array4::from_shape_fn((3, 1, 2, 8), |(_, _, _, x)| {
            to_fixed(if x < 2 { 0.8 } else { 0.1 })
        }),
        heads: Array5::from_shape_fn((3, 3, 1, 2, 8), |(_, m, _, _, x)| {
            to_fixed(if x <= m { 1.0 } else { 0.0 })
        }),
        confidences: Array5::from_shape_fn((3, 3, 1, 2, 8), |(rec, m, ..)| {
            to_fixed(shares[rec][m])
        }),
        hypotheses: Array4::zeros((0, 1, 2, 8)),
    }
}

const ALIKE: [[f32; 3]; 3] = [[1.0 / 3.0; 3]; 3];
const LEARNED: [[f32; 3]; 3] = [[1.0 / 3.0; 3], [0.2, 0.2, 0.6], [0.15, 0.25, 0.6]];

fn spec(metrics: &[Metric], fusions: &[LabelFusion]) -> EvaluationSpec {
    EvaluationSpec {
        recurrences: 3,
        references: vec![ReferenceFamily::Mean],
        metrics: metrics.to_vec(),
        fusions: fusions.to_vec(),
    }
}

fn structures() -> Vec<String> {
    vec!["s".to_owned()]
}

fn learned(case: &Case, stored: &StoredPrediction, kind: Option<ArbitratedKind>) -> Vec<Score> {
    let spec = spec(&[Metric::SoftDice, Metric::GedSquared], &[]);
    score_learned_fusion(case, stored, &spec, &structures(), kind).unwrap()
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
}

#[test]
fn a_raters_confidence_is_its_mean_share_where_somebody_marks() {
    let mut stored = stored(LEARNED);
    // Outside the four columns that rater 3 marks, trust is another and does not count.
    stored
        .confidences
        .slice_mut(s![.., .., .., .., 4..])
        .fill(u16::MAX);
    // In the prediction's columns and nobody's, were there any, trust would count: rater 1 has more of it in the first column.
    stored.confidences[(1, 0, 0, 0, 0)] = to_fixed(0.6);
    let spec = spec(&[Metric::SoftDice], &[]);
    let mut case = case(&[1, 2, 4]);
    let found = |case: &Case| -> Vec<_> {
        let scores = score_case(case, &stored, &spec, &structures()).unwrap();
        let of = scores
            .into_iter()
            .filter(|score| score.metric == "confidence@1");
        of.map(|score| (score.recurrence.unwrap(), score.reference, score.value))
            .collect()
    };
    let all = found(&case);
    assert_eq!(all.len(), 9);
    for ((rec, reference, value), rater) in all.iter().zip((0..3).cycle()) {
        let mut expected = f64::from(LEARNED[*rec as usize][rater]);
        if (*rec, rater) == (1, 0) {
            expected += 0.4 / 8.0;
        }
        assert_eq!(*reference, Reference::Rater(rater as u32 + 1));
        near(*value, expected);
    }
    // Without rater 3 the region ends with the prediction's two columns, and an absent rater has no number.
    case.present[2] = false;
    let left = found(&case);
    assert_eq!(left.len(), 6);
    near(left[2].2, 0.2 + 0.4 / 4.0);
    // Nobody marks, and the prediction is empty: there is nothing to look at.
    let mut empty = stored.clone();
    empty.prediction.fill(0);
    let scores = score_case(&self::case(&[0, 0, 0]), &empty, &spec, &structures()).unwrap();
    assert!(scores.iter().all(|score| score.metric != "confidence@1"));
}

#[test]
fn heads_meet_raters_softly_at_the_first_and_the_last_recurrence() {
    let spec = spec(&[Metric::HeadToRaterSoftDice], &[]);
    let scores = score_case(&case(&[1, 2, 4]), &stored(ALIKE), &spec, &structures()).unwrap();
    let matrix: Vec<_> = scores
        .iter()
        .filter(|score| score.metric == "head_to_rater_soft_dice@1")
        .map(|score| (score.recurrence, score.output, score.reference, score.value))
        .collect();
    assert_eq!(matrix.len(), 2 * 9);
    let marked = [1.0, 2.0, 4.0];
    for (place, (recurrence, output, reference, value)) in matrix.into_iter().enumerate() {
        let (head, rater) = (place % 9 / 3, place % 3);
        assert_eq!(recurrence, Some([0, 2][place / 9]));
        assert_eq!(output, Output::Head(head as u32 + 1));
        assert_eq!(reference, Reference::Rater(rater as u32 + 1));
        let (a, g) = (head as f64 + 1.0, marked[rater]);
        near(value, 2.0 * a.min(g) / (a + g));
    }
}

#[test]
fn equal_trust_is_the_mean_of_the_masks_to_the_bit() {
    for raters in 2..=11_usize {
        let widths: Vec<_> = (0..raters).map(|rater| (rater * 3) % 9).collect();
        let case = case(&widths);
        let masks = Masks::of_case(&case, 0).unwrap();
        let confidences = Array3::from_elem((raters, 2, 8), to_fixed(1.0 / raters as f32));
        let fusion = LearnedFusion::new(&masks, confidences.view()).unwrap();
        let shares = |counts: &Array2<u16>, of: usize| {
            counts.mapv(|count| (f64::from(count) / of as f64) as f32)
        };
        assert_eq!(
            fusion.map(),
            shares(&mean(&case, 0).unwrap().counts, raters)
        );
        let others = masks.without(1).unwrap().votes();
        assert_eq!(
            fusion.without(1).unwrap(),
            shares(&others.counts, raters - 1)
        );
        // Nobody trusted anywhere: the same.
        let nobody = Array3::zeros((raters, 2, 8));
        let nobody = LearnedFusion::new(&masks, nobody.view()).unwrap();
        assert_eq!(nobody.map(), fusion.map());
        assert_eq!(nobody.without(1), fusion.without(1));
    }
}

#[test]
fn labels_are_fused_with_each_recurrences_confidences() {
    let scores = learned(
        &case(&[2, 3, 4]),
        &stored(LEARNED),
        Some(ArbitratedKind::Expert),
    );
    assert_eq!(scores.len(), 3 * 4, "a metric of sets has no number here");
    assert!(scores.iter().all(|score| score.output == Output::Fused));
    let value = |recurrence, reference| {
        let found = scores
            .iter()
            .find(|score| score.recurrence == Some(recurrence) && score.reference == reference);
        found.unwrap().value
    };
    // Columns 1, 2: 1. Column 3: 2/3, then 0.8, 0.85. Column 4: 1/3, then 0.6, 0.6. The arbitrated mask has three columns.
    let dice = |marked: [f64; 5], truth: f64| {
        let of = marked.map(|marked| 2.0 * marked.min(truth) / (marked + truth));
        of.iter().sum::<f64>() / 5.0
    };
    near(
        value(0, Reference::Arbitrated),
        dice([4.0, 4.0, 3.0, 2.0, 2.0], 3.0),
    );
    near(
        value(1, Reference::Arbitrated),
        dice([4.0, 4.0, 4.0, 3.0, 2.0], 3.0),
    );
    near(
        value(2, Reference::Arbitrated),
        dice([4.0, 4.0, 4.0, 3.0, 2.0], 3.0),
    );
    // Without rater 3 the shares 0.15 and 0.25 become 3/8 and 5/8: column 3 has 5/8.
    near(
        value(2, Reference::Rater(3)),
        dice([3.0, 3.0, 3.0, 2.0, 2.0], 4.0),
    );
    // Without rater 2 they are 1/5 and 4/5: columns 3 and 4 have 4/5.
    near(
        value(2, Reference::Rater(2)),
        dice([4.0, 4.0, 4.0, 4.0, 2.0], 3.0),
    );
}

#[test]
fn a_fusion_does_not_see_the_rater_who_is_held_out() {
    let stored = stored(LEARNED);
    let of_rater_3 = |case: &Case| -> Vec<_> {
        let case_masks = Masks::of_case(case, 0).unwrap();
        (0..3)
            .map(|rec| {
                let confidences = stored.confidences.slice(s![rec, .., 0, .., ..]);
                let fusion = LearnedFusion::new(&case_masks, confidences).unwrap();
                fusion.without(2).unwrap()
            })
            .collect()
    };
    assert_eq!(of_rater_3(&case(&[2, 3, 4])), of_rater_3(&case(&[2, 3, 0])));
    // Arbitrated masks that are STAPLE of these raters hold what was fused.
    let staple = learned(&case(&[2, 3, 4]), &stored, Some(ArbitratedKind::Staple));
    assert_eq!(staple.len(), 3 * 3);
    assert!(
        staple
            .iter()
            .all(|score| matches!(score.reference, Reference::Rater(_)))
    );
}

#[test]
fn absent_raters_are_not_fused_and_one_alone_has_no_others() {
    let stored = stored(LEARNED);
    let mut case = case(&[2, 3, 4]);
    case.present[2] = false;
    let scores = learned(&case, &stored, None);
    let references: Vec<_> = scores.iter().map(|score| score.reference).collect();
    let once = [
        Reference::Arbitrated,
        Reference::Rater(1),
        Reference::Rater(2),
    ];
    assert_eq!(references, once.repeat(3));
    case.present[1] = false;
    let scores = learned(&case, &stored, None);
    assert_eq!(scores.len(), 3, "arbitrated alone");
    case.present[0] = false;
    assert!(learned(&case, &stored, None).is_empty());
}

#[test]
fn a_method_without_confidences_fuses_nothing_and_other_raters_are_refused() {
    let case = case(&[2, 3]);
    let spec = spec(&[Metric::SoftDice], &[]);
    let told = score_learned_fusion(&case, &stored(ALIKE), &spec, &structures(), None);
    let told = told.unwrap_err().to_string();
    assert!(
        told.contains("confidences for 3 raters and the case has 2"),
        "{told}"
    );
    let mut without = stored(ALIKE);
    without.confidences = Array5::zeros((3, 0, 1, 2, 8));
    assert!(learned(&case, &without, None).is_empty());
}

#[test]
fn fusions_without_a_network_are_scored_as_the_run_lists_them() {
    let cases = [case(&[2, 3, 4])];
    let fusions = [
        LabelFusion::Learned,
        LabelFusion::Free(FusionKind::Majority),
    ];
    let spec = spec(&[Metric::SoftDice], &fusions);
    let references = |kind| -> Vec<_> {
        let scores = score_label_fusions(&cases, &spec, &structures(), kind);
        let majority = Output::Fusion(FusionKind::Majority);
        assert!(scores.iter().all(|score| score.output == majority));
        scores.iter().map(|score| score.reference).collect()
    };
    let raters = [1, 2, 3].map(Reference::Rater);
    assert_eq!(references(None), raters);
    assert_eq!(references(Some(ArbitratedKind::Staple)), raters);
    let expert = references(Some(ArbitratedKind::Expert));
    assert_eq!(expert[..3], raters);
    assert_eq!(expert[3..], [Reference::Arbitrated]);
}

/// Everybody's fusion is the prediction's two columns, the others' of rater m is m columns.
#[test]
fn a_methods_own_fusion_meets_each_rater_with_the_fusion_of_the_others() {
    let mut own = stored(ALIKE);
    own.prediction = own.prediction.slice(s![..1, .., .., ..]).to_owned();
    own.heads = own.heads.slice(s![..1, .., .., .., ..]).to_owned();
    own.confidences = Array5::zeros((1, 0, 1, 2, 8));
    let spec = spec(&[Metric::Dice], &[]);
    let scores = |case: &Case, kind| {
        let scores = score_own_fusion(case, &own, &spec, &structures(), kind).unwrap();
        assert!(scores.iter().all(|score| score.output == Output::Fused));
        assert!(scores.iter().all(|score| score.recurrence.is_none()));
        let found = scores.iter().map(|score| (score.reference, score.value));
        found.collect::<Vec<_>>()
    };
    let dice = |a: f64, b: f64| 2.0 * a.min(b) / (a + b);
    let mut case = case(&[2, 3, 4]);
    let wanted = [
        (Reference::Arbitrated, dice(2.0, 3.0)),
        (Reference::Rater(1), dice(1.0, 2.0)),
        (Reference::Rater(2), dice(2.0, 3.0)),
        (Reference::Rater(3), dice(3.0, 4.0)),
    ];
    for ((reference, value), wanted) in scores(&case, None).iter().zip(wanted) {
        assert_eq!(*reference, wanted.0);
        near(*value, wanted.1);
    }
    assert_eq!(scores(&case, Some(ArbitratedKind::Staple)).len(), 3);
    case.present = vec![false, true, false];
    assert_eq!(scores(&case, None).len(), 1, "nobody else is there");
}
