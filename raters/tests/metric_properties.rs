//! What mathematics promises of metrics, on drawn masks: empty, full and one-pixel ones among them.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]
#![expect(
    clippy::float_cmp,
    reason = "the same sums in the same order are the same number"
)]

use mrprism_protocol::spec::{EvaluationSpec, Metric, Output, Reference, ReferenceFamily};
use mrprism_protocol::wire::Score;
use mrprism_raters::case::Case;
use mrprism_raters::fusion::Votes;
use mrprism_raters::metric::{
    Direction, Levels, Overlap, Rule, Surface, Unit, average_surface_distance, best_match_dice,
    brier, expected_calibration_error, fleiss_kappa, ged_squared, hausdorff, hausdorff_95,
    soft_dice, soft_iou,
};
use mrprism_raters::score::{human, score_maps};
use ndarray::{Array2, Array3, Array4};
use proptest::prelude::*;

const SIDE: (usize, usize) = (6, 7);
const PIXELS: usize = SIDE.0 * SIDE.1;

fn map() -> impl Strategy<Value = Array2<f32>> {
    prop::collection::vec(0.0_f32..=1.0, PIXELS)
        .prop_map(|values| Array2::from_shape_vec(SIDE, values).unwrap())
}

fn mask() -> impl Strategy<Value = Array2<u8>> {
    let share = prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0_f64];
    let any = share
        .prop_flat_map(|share| prop::collection::vec(prop::bool::weighted(share), PIXELS))
        .prop_map(|marks| {
            Array2::from_shape_vec(SIDE, marks.into_iter().map(u8::from).collect()).unwrap()
        });
    let one = (0..SIDE.0, 0..SIDE.1).prop_map(|pixel| {
        let mut mask = Array2::zeros(SIDE);
        mask[pixel] = 1;
        mask
    });
    prop_oneof![4 => any, 1 => one]
}

/// Masks and an order of them.
fn set() -> impl Strategy<Value = (Vec<Array2<u8>>, Vec<usize>)> {
    (1_usize..6).prop_flat_map(|count| {
        let order: Vec<usize> = (0..count).collect();
        (
            prop::collection::vec(mask(), count),
            Just(order).prop_shuffle(),
        )
    })
}

fn views(masks: &[Array2<u8>]) -> Vec<ndarray::ArrayView2<'_, u8>> {
    masks.iter().map(|mask| mask.view()).collect()
}

fn case_of(masks: &[Array2<u8>]) -> Case {
    Case {
        name: "p".to_owned(),
        patient: "p".to_owned(),
        image: Array3::zeros((1, SIDE.0, SIDE.1)),
        masks: Array4::from_shape_fn((masks.len(), 1, SIDE.0, SIDE.1), |(m, _, y, x)| {
            masks[m][[y, x]]
        }),
        label: None,
        present: vec![true; masks.len()],
        arbitrated: None,
    }
}

fn spec() -> EvaluationSpec {
    EvaluationSpec {
        recurrences: 1,
        references: ReferenceFamily::ALL.to_vec(),
        metrics: Metric::ALL.to_vec(),
        fusions: Vec::new(),
    }
}

/// Scores that speak of no single rater, in an order of their own.
fn of_no_rater(scores: &[Score]) -> Vec<(String, f64)> {
    let mut kept: Vec<_> = scores
        .iter()
        .filter(|score| {
            !matches!(
                score.reference,
                Reference::Rater(_) | Reference::LeaveOneOut(_)
            )
        })
        .map(|score| {
            (
                format!("{} {} {}", score.output, score.reference, score.metric),
                score.value,
            )
        })
        .collect();
    kept.sort_by(|a, b| a.0.cmp(&b.0));
    kept
}

proptest! {
    #[test]
    fn overlaps_are_bounded_and_change_roles_with_their_masks(a in mask(), b in mask()) {
        let (one, other) = (Overlap::of(&a, &b), Overlap::of(&b, &a));
        prop_assert_eq!(one.dice(), other.dice());
        prop_assert_eq!(one.iou(), other.iou());
        prop_assert_eq!(one.precision(), other.sensitivity());
        let values = [one.dice(), one.iou(), one.sensitivity(), one.specificity(), one.precision()];
        prop_assert!(values.iter().all(|value| (0.0..=1.0).contains(value)), "{:?}", values);
        prop_assert!((one.dice() - 2.0 * one.iou() / (1.0 + one.iou())).abs() < 1e-12);
        prop_assert_eq!(one.dice() >= 1.0, a == b);
        // What one mask marks the other leaves out, once both are turned inside out.
        let inverse = Overlap::of(&a.mapv(|v| 1 - v), &b.mapv(|v| 1 - v));
        prop_assert_eq!(one.sensitivity(), inverse.specificity());
    }

    #[test]
    fn soft_iou_is_bounded_below_soft_dice_and_iou_of_hard_masks(prediction in map(), a in mask(), b in mask()) {
        let levels = |mask: &Array2<u8>| Levels::of_votes(&Votes::hard(mask));
        let soft = soft_iou(&Levels::of_map(&prediction), &levels(&a));
        prop_assert!((0.0..=1.0).contains(&soft));
        prop_assert!(soft <= soft_dice(&Levels::of_map(&prediction), &levels(&a)) + 1e-6);
        let hard = soft_iou(&levels(&a), &levels(&b));
        prop_assert_eq!(hard, soft_iou(&levels(&b), &levels(&a)));
        prop_assert!((hard - Overlap::of(&a, &b).iou()).abs() < 1e-5);
    }

    #[test]
    fn distances_are_symmetric_bounded_and_ordered(a in mask(), b in mask(), low in 0.0..100.0_f64, high in 0.0..100.0_f64) {
        let (one, other) = (Surface::of(&a), Surface::of(&b));
        let diagonal = (SIDE.0 as f64).hypot(SIDE.1 as f64);
        for distance in [hausdorff_95, average_surface_distance] {
            prop_assert!((distance(&one, &other) - distance(&other, &one)).abs() < 1e-12);
            prop_assert!((0.0..=diagonal).contains(&distance(&one, &other)));
            prop_assert_eq!(distance(&one, &one), 0.0);
        }
        let largest = hausdorff(&one, &other, 100.0);
        prop_assert!(hausdorff_95(&one, &other) <= largest + 1e-12);
        prop_assert!(average_surface_distance(&one, &other) <= largest + 1e-12);
        prop_assert!(hausdorff(&one, &other, low.min(high)) <= hausdorff(&one, &other, low.max(high)) + 1e-12);
        prop_assert_eq!(largest == 0.0, a == b || same_border(&a, &b));
        let one_is_empty = a.iter().all(|v| *v == 0) != b.iter().all(|v| *v == 0);
        prop_assert_eq!(largest >= diagonal, one_is_empty);
    }

    #[test]
    fn a_set_is_at_no_distance_from_itself_in_any_order((masks, order) in set(), (others, _) in set()) {
        let shuffled: Vec<_> = order.iter().map(|at| masks[*at].clone()).collect();
        let twice: Vec<_> = masks.iter().chain(&masks).cloned().collect();
        prop_assert!(ged_squared(&views(&shuffled), &views(&masks)).unwrap() < 1e-12);
        prop_assert!(ged_squared(&views(&twice), &views(&masks)).unwrap() < 1e-12);
        prop_assert_eq!(best_match_dice(&views(&shuffled), &views(&masks)), Some(1.0));
        let there = ged_squared(&views(&masks), &views(&others)).unwrap();
        let back = ged_squared(&views(&others), &views(&shuffled)).unwrap();
        prop_assert!((there - back).abs() < 1e-12);
        prop_assert!((0.0..=2.0).contains(&there));
        let best = best_match_dice(&views(&masks), &views(&others)).unwrap();
        prop_assert!((0.0..=1.0).contains(&best));
        // One more hypothesis can only help.
        let more: Vec<_> = masks.iter().chain(&others[..1]).cloned().collect();
        prop_assert!(best_match_dice(&views(&more), &views(&others)).unwrap() >= best);
    }

    #[test]
    fn calibration_is_bounded_and_brier_forgives_nothing_that_ece_does_not(prediction in map(), (masks, _) in set()) {
        let votes = Votes::count(&case_of(&masks), 0, 0..masks.len()).unwrap();
        let (ece, brier) = (expected_calibration_error(&prediction, &votes), brier(&prediction, &votes));
        prop_assert!((0.0..=1.0).contains(&ece) && (0.0..=1.0).contains(&brier));
        // Jensen: the mean of squares is at least the square of the mean of gaps.
        prop_assert!(ece.powi(2) <= brier + 1e-9);
    }

    #[test]
    fn kappa_is_at_most_1_and_1_exactly_where_all_agree((masks, order) in set()) {
        let votes = |order: &[usize]| {
            let masks: Vec<_> = order.iter().map(|at| masks[*at].clone()).collect();
            Votes::count(&case_of(&masks), 0, 0..masks.len()).unwrap()
        };
        let plain: Vec<usize> = (0..masks.len()).collect();
        let kappa = fleiss_kappa(&votes(&plain));
        prop_assert_eq!(kappa, fleiss_kappa(&votes(&order)));
        prop_assert_eq!(kappa.is_none(), masks.len() < 2);
        if let Some(kappa) = kappa {
            let lowest = -1.0 / (masks.len() - 1) as f64;
            prop_assert!(kappa >= lowest - 1e-12, "{}", kappa);
            prop_assert_eq!(kappa > 1.0 - 1e-12, masks.iter().all(|mask| *mask == masks[0]));
        }
    }

    #[test]
    fn every_score_is_finite_has_one_key_and_does_not_ask_who_drew_what(
        maps in prop::collection::vec(map(), 1..4),
        (masks, order) in set(),
    ) {
        let scores = score_maps(&case_of(&masks), &maps, &spec(), "s").unwrap();
        let mut keys = std::collections::BTreeSet::new();
        for score in &scores {
            let rule = Rule::ALL.iter().find(|rule| rule.id == score.metric).unwrap();
            prop_assert!(score.value.is_finite());
            if rule.unit == Unit::Fraction {
                prop_assert!((0.0..=1.0).contains(&score.value), "{:?}", score);
            }
            let key = (score.output, score.reference, score.metric.clone());
            prop_assert!(keys.insert(key), "{:?} stands twice", score);
        }
        let shuffled: Vec<_> = order.iter().map(|at| masks[*at].clone()).collect();
        let again = score_maps(&case_of(&shuffled), &maps, &spec(), "s").unwrap();
        for (one, other) in of_no_rater(&scores).iter().zip(of_no_rater(&again)) {
            prop_assert_eq!(&one.0, &other.0);
            prop_assert!((one.1 - other.1).abs() < 1e-9, "{}", one.0);
        }
    }

    #[test]
    fn the_human_row_scores_a_mask_as_a_prediction_of_it((masks, _) in set()) {
        let case = case_of(&masks);
        let row = human(std::slice::from_ref(&case), &spec(), &["s".to_owned()]);
        for score in &row {
            let (Output::Rater(rater), reference) = (score.output, score.reference) else {
                return Err(TestCaseError::fail("not a rater"));
            };
            prop_assert_eq!(reference, Reference::LeaveOneOut(rater));
            let own = masks[rater as usize - 1].mapv(f32::from);
            let scores = score_maps(&case, &[own], &spec(), "s").unwrap();
            let as_prediction = scores.iter().find(|other| other.reference == reference && other.metric == score.metric);
            prop_assert_eq!(as_prediction.unwrap().value, score.value, "{}", score.metric);
        }
        let of_maps = Rule::ALL.iter().filter(|rule| row.iter().any(|score| score.metric == rule.id)).count();
        prop_assert_eq!(of_maps, if masks.len() > 1 { 11 } else { 0 });
    }
}

/// Whether two masks have the same border: a filled hole changes none of it.
fn same_border(a: &Array2<u8>, b: &Array2<u8>) -> bool {
    let border = |mask: &Array2<u8>| {
        Array2::from_shape_fn(SIDE, |(y, x)| {
            let at = |y: usize, x: usize| mask.get((y, x)).copied().unwrap_or(0);
            let inner =
                at(y.wrapping_sub(1), x) * at(y + 1, x) * at(y, x.wrapping_sub(1)) * at(y, x + 1);
            mask[[y, x]] * (1 - inner)
        })
    };
    border(a) == border(b)
}

#[test]
fn what_is_better_is_better() {
    let masks = vec![Array2::from_shape_fn(SIDE, |(y, x)| u8::from(y > 1 && x > 2)); 3];
    let good = masks[0].mapv(f32::from);
    let bad = Array2::from_shape_fn(SIDE, |(y, x)| if y < 3 && x > 1 { 0.9 } else { 0.2 });
    let scores = |map: &Array2<f32>| {
        score_maps(&case_of(&masks), std::slice::from_ref(map), &spec(), "s").unwrap()
    };
    let mut compared = std::collections::BTreeSet::new();
    for (good, bad) in scores(&good).iter().zip(&scores(&bad)) {
        assert_eq!((good.reference, &good.metric), (bad.reference, &bad.metric));
        let rule = Rule::ALL
            .iter()
            .find(|rule| rule.id == good.metric)
            .unwrap();
        match rule.direction {
            Direction::HigherIsBetter => assert!(good.value > bad.value, "{good:?} {bad:?}"),
            Direction::LowerIsBetter => assert!(good.value < bad.value, "{good:?} {bad:?}"),
            Direction::Neither => continue,
        }
        compared.insert(rule.id);
    }
    // All that have a direction but heads against raters, which one map does not have.
    assert_eq!(compared.len(), 13);
}
