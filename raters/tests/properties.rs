//! What mathematics promises, on drawn inputs; and that no bytes make a reader panic.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

mod support;

use mrprism_raters::case::Case;
use mrprism_raters::dataset::{Dataset, SplitName};
use mrprism_raters::fusion::{Votes, majority, mean};
use mrprism_raters::metric::{Levels, dice, soft_dice};
use mrprism_raters::prediction::{StoredPrediction, read, write};
use ndarray::{Array2, Array3, Array4, Array5, Axis};
use proptest::prelude::*;
use support::{
    gzip, nifti_bytes, pictures, pictures_definition, qubiq, qubiq_definition, write_bytes,
};

const SIDE: (usize, usize) = (4, 5);
const PIXELS: usize = SIDE.0 * SIDE.1;

fn map() -> impl Strategy<Value = Array2<f32>> {
    prop::collection::vec(0.0_f32..=1.0, PIXELS)
        .prop_map(|values| Array2::from_shape_vec(SIDE, values).unwrap())
}

/// Hard masks, empty and full ones among them.
fn mask() -> impl Strategy<Value = Array2<u8>> {
    (0.0..=1.0_f64)
        .prop_flat_map(|share| prop::collection::vec(prop::bool::weighted(share), PIXELS))
        .prop_map(|marks| {
            Array2::from_shape_vec(SIDE, marks.into_iter().map(u8::from).collect()).unwrap()
        })
}

fn case_of(masks: &[Array2<u8>], present: &[bool]) -> Case {
    Case {
        name: "p".to_owned(),
        patient: "p".to_owned(),
        label: None,
        image: Array3::zeros((1, SIDE.0, SIDE.1)),
        masks: Array4::from_shape_fn((masks.len(), 1, SIDE.0, SIDE.1), |(m, _, y, x)| {
            masks[m][[y, x]]
        }),
        present: present.to_vec(),
        arbitrated: None,
    }
}

fn raters() -> impl Strategy<Value = (Vec<Array2<u8>>, Vec<bool>, Vec<usize>)> {
    (1_usize..8).prop_flat_map(|count| {
        let order: Vec<usize> = (0..count).collect();
        (
            prop::collection::vec(mask(), count),
            prop::collection::vec(any::<bool>(), count),
            Just(order).prop_shuffle(),
        )
    })
}

proptest! {
    #[test]
    fn soft_dice_lies_in_0_to_1(prediction in map(), (masks, _, _) in raters()) {
        let votes = mean(&case_of(&masks, &vec![true; masks.len()]), 0).unwrap();
        let value = soft_dice(&Levels::of_map(&prediction), &Levels::of_votes(&votes));
        prop_assert!((0.0..=1.0).contains(&value), "{}", value);
    }

    #[test]
    fn on_hard_masks_soft_dice_is_symmetric_and_dice_and_1_exactly_where_they_are_equal(a in mask(), b in mask()) {
        let levels = |mask: &Array2<u8>| Levels::of_votes(&Votes::hard(mask));
        let value = soft_dice(&levels(&a), &levels(&b));
        prop_assert!((value - soft_dice(&levels(&b), &levels(&a))).abs() < 1e-15);
        prop_assert!((value - dice(&a, &b)).abs() < 1e-3);
        prop_assert_eq!(value > 1.0 - 1e-9, a == b);
        let as_map = Levels::of_map(&a.mapv(f32::from));
        prop_assert!((value - soft_dice(&as_map, &levels(&b))).abs() < 1e-15);
    }

    #[test]
    fn fusion_does_not_ask_who_drew_what((masks, present, order) in raters()) {
        let shuffled_masks: Vec<_> = order.iter().map(|m| masks[*m].clone()).collect();
        let shuffled_present: Vec<_> = order.iter().map(|m| present[*m]).collect();
        let (case, shuffled) = (case_of(&masks, &present), case_of(&shuffled_masks, &shuffled_present));
        prop_assert_eq!(mean(&case, 0), mean(&shuffled, 0));
        prop_assert_eq!(majority(&case, 0), majority(&shuffled, 0));
        // A rater that is absent might as well not have a slot.
        let kept: Vec<_> = case.present_raters().map(|m| masks[m].clone()).collect();
        if !kept.is_empty() {
            prop_assert_eq!(mean(&case, 0), mean(&case_of(&kept, &vec![true; kept.len()]), 0));
        }
    }

    #[test]
    fn a_majority_lies_between_what_all_and_what_any_mark((masks, _, _) in raters()) {
        let case = case_of(&masks, &vec![true; masks.len()]);
        let (votes, hard) = (mean(&case, 0).unwrap(), majority(&case, 0).unwrap());
        for (votes_here, hard) in votes.counts.iter().zip(&hard.counts) {
            prop_assert!(*hard == 1 || *votes_here < votes.of);
            prop_assert!(*hard == 0 || *votes_here > 0);
        }
    }

    #[test]
    fn predictions_come_back_as_they_went(
        (rec, k, h, w, heads, confidences) in (0_usize..4, 0_usize..3, 0_usize..6, 0_usize..6, 0_usize..4, 0_usize..4),
        seed in any::<u16>(),
    ) {
        let number = |n: usize| (n as u16).wrapping_mul(40_503).wrapping_add(seed);
        let five = |raters| {
            let count = rec * raters * k * h * w;
            Array5::from_shape_vec((rec, raters, k, h, w), (0..count).map(number).collect()).unwrap()
        };
        let stored = StoredPrediction {
            case: format!("case {seed} é"),
            prediction: Array4::from_shape_vec((rec, k, h, w), (0..rec * k * h * w).map(number).collect()).unwrap(),
            heads: five(heads),
            confidences: five(confidences),
            hypotheses: Array4::from_shape_vec((heads, k, h, w), (0..heads * k * h * w).map(number).collect()).unwrap(),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.mrp");
        write(&path, &stored).unwrap();
        prop_assert_eq!(read(&path).unwrap(), stored);
    }

    #[test]
    fn a_changed_or_cut_prediction_is_refused(at in any::<prop::sample::Index>(), bit in 0_u8..8, cut in any::<bool>()) {
        let stored = StoredPrediction {
            case: "x".to_owned(),
            prediction: Array4::from_shape_fn((2, 1, 6, 6), |(r, _, y, x)| (r * 999 + y * 77 + x) as u16),
            heads: Array5::zeros((2, 2, 1, 6, 6)),
            confidences: Array5::from_elem((2, 2, 1, 6, 6), 4_000),
            hypotheses: Array4::zeros((0, 1, 6, 6)),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.mrp");
        write(&path, &stored).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        std::fs::write(&path, &bytes).unwrap();
        // zstd ignores a few bits of its frame header; whatever is read is what was written.
        if let Ok(found) = read(&path) {
            prop_assert_eq!(found, stored);
        }
    }

    #[test]
    fn a_changed_or_cut_nifti_file_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        in_header in any::<bool>(),
        zipped in any::<bool>(),
        keep in prop::option::of(any::<prop::sample::Index>()),
        image in any::<bool>(),
    ) {
        let root = tempfile::tempdir().unwrap();
        qubiq(root.path(), 2, 1);
        let ramp: Vec<f32> = (0..48).map(|v| v as f32).collect();
        let mut bytes = nifti_bytes(&[8, 6, 1], &ramp, 1.0, 0.0);
        let whole = |bytes: &[u8]| if zipped { gzip(bytes) } else { bytes.to_vec() };
        if in_header {
            for (at, value) in &changes {
                bytes[at.index(348)] = *value;
            }
        }
        let mut bytes = whole(&bytes);
        if !in_header {
            for (at, value) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
        }
        if let Some(keep) = keep {
            bytes.truncate(keep.index(bytes.len()));
        }
        let name = if image { "image" } else { "task01_seg01" };
        write_bytes(&root.path().join(format!("Training/case01/{name}.nii.gz")), &bytes);
        let decoded = Dataset::open(&qubiq_definition(), Some(root.path())).and_then(|dataset| dataset.splits(8, None));
        match decoded {
            Ok(splits) => prop_assert!(splits.train[0].image.iter().all(|v| (0.0..=1.0).contains(v))),
            Err(error) => prop_assert!(error.to_string().contains("case01")),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn splits_and_folds_are_disjoint_and_whole_and_keep_patients_together(
        patients in prop::collection::vec(1_usize..4, 6..14),
        seed in any::<u32>(),
        folds in 3_u32..6,
    ) {
        let root = tempfile::tempdir().unwrap();
        let names: Vec<String> = patients
            .iter()
            .enumerate()
            .flat_map(|(patient, cases)| (0..*cases).map(move |case| format!("p{patient}_{case}")))
            .collect();
        pictures(root.path(), &names.iter().map(String::as_str).collect::<Vec<_>>(), 1);
        let mut definition = pictures_definition();
        definition.patient = Some("^(?P<patient>p[0-9]+)_".to_owned());
        definition.split_seed = u64::from(seed);
        definition.folds = folds;
        let dataset = Dataset::open(&definition, Some(root.path())).unwrap();
        let mut tested = vec![0; names.len()];
        for fold in std::iter::once(None).chain((0..folds).map(Some)) {
            let members = dataset.members(fold).unwrap();
            let mut seen = vec![0; names.len()];
            let mut splits_of = std::collections::BTreeMap::new();
            for split in SplitName::ALL {
                for position in members.positions(split) {
                    seen[*position] += 1;
                    let name = dataset.case_names().nth(*position).unwrap();
                    let patient = name.split('_').next().unwrap().to_owned();
                    splits_of.entry(patient).or_insert_with(std::collections::BTreeSet::new).insert(split);
                }
            }
            prop_assert!(seen.iter().all(|count| *count == 1));
            prop_assert!(splits_of.values().all(|splits| splits.len() == 1));
            if fold.is_some() {
                prop_assert!(SplitName::ALL.iter().all(|split| !members.positions(*split).is_empty()));
                for position in members.positions(SplitName::Test) {
                    tested[*position] += 1;
                }
            }
        }
        prop_assert!(tested.iter().all(|count| *count == 1), "each case is tested in one fold");
        prop_assert_eq!(dataset.members(Some(0)).unwrap(), Dataset::open(&definition, Some(root.path())).unwrap().members(Some(0)).unwrap());
    }

    #[test]
    fn resizing_keeps_ranges(size in 1_u32..40) {
        let root = tempfile::tempdir().unwrap();
        pictures(root.path(), &["a", "b", "c", "d"], 2);
        let dataset = Dataset::open(&pictures_definition(), Some(root.path())).unwrap();
        for case in dataset.load(SplitName::Train, size, None).unwrap() {
            let side = size as usize;
            prop_assert_eq!(case.image.dim(), (1, side, side));
            prop_assert_eq!(case.masks.dim(), (2, 1, side, side));
            prop_assert!(case.image.iter().all(|value| (0.0..=1.0).contains(value)));
            prop_assert!(case.masks.iter().all(|value| *value <= 1));
            // The second rater's mask holds the first's, at every size.
            let (first, second) = (case.masks.index_axis(Axis(0), 0), case.masks.index_axis(Axis(0), 1));
            prop_assert!(first.iter().zip(second).all(|(first, second)| first <= second));
        }
    }
}
