//! What fusions promise whatever the raters drew.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

use mrprism_protocol::spec::FusionKind;
use mrprism_raters::case::Case;
use mrprism_raters::fusion::{
    DawidSkeneOptions, Masks, StapleOptions, Start, dawid_skene_shared, fuse, fuse_cases, staple,
};
use ndarray::{Array2, Array3, Array4};
use proptest::prelude::*;

const SIDE: (usize, usize) = (4, 6);
const PIXELS: usize = SIDE.0 * SIDE.1;

/// Hard masks, empty and full ones among them.
fn mask() -> impl Strategy<Value = Array2<u8>> {
    (0.0..=1.0_f64)
        .prop_flat_map(|share| prop::collection::vec(prop::bool::weighted(share), PIXELS))
        .prop_map(|marks| {
            Array2::from_shape_vec(SIDE, marks.into_iter().map(u8::from).collect()).unwrap()
        })
}

fn case_of(masks: &[Array2<u8>], present: Vec<bool>) -> Case {
    Case {
        label: None,
        name: "p".to_owned(),
        patient: "p".to_owned(),
        image: Array3::zeros((1, SIDE.0, SIDE.1)),
        masks: Array4::from_shape_fn((masks.len(), 1, SIDE.0, SIDE.1), |(m, _, y, x)| {
            masks[m][[y, x]]
        }),
        present,
        arbitrated: None,
    }
}

/// Masks, an order to put them in, and whether each is present; few raters, and more than fit one table.
fn raters() -> impl Strategy<Value = (Vec<Array2<u8>>, Vec<usize>, Vec<bool>)> {
    prop_oneof![4 => 1_usize..8, 1 => 17_usize..20].prop_flat_map(|count| {
        let order: Vec<usize> = (0..count).collect();
        (
            prop::collection::vec(mask(), count),
            Just(order).prop_shuffle(),
            prop::collection::vec(any::<bool>(), count),
        )
    })
}

fn of(masks: &[Array2<u8>]) -> Masks<'_> {
    Masks::new(masks.iter().map(|mask| mask.view()).collect()).unwrap()
}

/// Never falls by more than rounding.
fn rises(likelihoods: &[f64]) -> bool {
    likelihoods
        .windows(2)
        .all(|pair| pair[1] >= pair[0] - 1e-9 * pair[0].abs().max(1.0))
}

proptest! {
    #[test]
    fn permuting_raters_permutes_their_rates_and_nothing_else((masks, order, _) in raters()) {
        let shuffled: Vec<_> = order.iter().map(|m| masks[*m].clone()).collect();
        for kind in FusionKind::ALL {
            let (one, other) = (fuse(&of(&masks), *kind), fuse(&of(&shuffled), *kind));
            prop_assert_eq!(&one.map, &other.map, "{}", kind);
            let permuted: Vec<_> = order.iter().map(|m| one.raters[*m]).collect();
            prop_assert_eq!(permuted, other.raters, "{}", kind);
        }
    }

    #[test]
    fn raters_who_agree_get_their_mask(mask in mask(), count in 1_usize..6) {
        let masks = vec![mask.clone(); count];
        for kind in FusionKind::ALL {
            let fused = fuse(&of(&masks), *kind);
            prop_assert_eq!(&fused.map.above(0.5), &mask, "{}", kind);
            prop_assert!(fused.raters.iter().all(|rates| rates.sensitivity > 1.0 - 1e-9 && rates.specificity > 1.0 - 1e-9));
        }
    }

    #[test]
    fn maps_and_rates_lie_in_0_to_1((masks, _, _) in raters()) {
        for kind in FusionKind::ALL {
            let fused = fuse(&of(&masks), *kind);
            prop_assert!(fused.map.soft().iter().all(|value| (0.0..=1.0).contains(value)), "{}", kind);
            prop_assert!(fused.raters.iter().all(|rates| {
                (0.0..=1.0).contains(&rates.sensitivity) && (0.0..=1.0).contains(&rates.specificity)
            }), "{}", kind);
        }
    }

    #[test]
    fn an_absent_rater_changes_nothing((masks, _, present) in raters()) {
        let case = case_of(&masks, present.clone());
        let kept: Vec<_> = case.present_raters().map(|m| masks[m].clone()).collect();
        let fused = Masks::of_case(&case, 0);
        prop_assert_eq!(fused.is_none(), kept.is_empty());
        if let Some(fused) = fused {
            for kind in FusionKind::ALL {
                prop_assert_eq!(fuse(&fused, *kind), fuse(&of(&kept), *kind), "{}", kind);
            }
        }
    }

    #[test]
    fn likelihood_does_not_fall((masks, _, _) in raters(), (more, _, _) in raters(), rates in any::<bool>(), margin in prop::option::of(0_usize..3)) {
        let start = if rates { Start::Rates } else { Start::Mean };
        let options = StapleOptions { start, margin, ..StapleOptions::default() };
        let found = staple(&of(&masks), &options);
        prop_assert!(rises(&found.log_likelihood), "{:?}", found.log_likelihood);
        let shared = dawid_skene_shared(&[of(&masks), of(&more)], &DawidSkeneOptions::default());
        prop_assert!(rises(&shared.log_likelihood), "{:?}", shared.log_likelihood);
        prop_assert!(shared.maps.iter().flatten().all(|value| (0.0..=1.0).contains(value)));
    }

    #[test]
    fn cases_are_fused_one_by_one_unless_raters_are_shared((masks, _, _) in raters(), (more, _, _) in raters()) {
        let cases = [of(&masks), of(&more)];
        for kind in FusionKind::ALL.iter().filter(|kind| **kind != FusionKind::DawidSkeneShared) {
            let each: Vec<_> = cases.iter().map(|masks| fuse(masks, *kind)).collect();
            prop_assert_eq!(fuse_cases(&cases, *kind), each);
        }
    }
}
