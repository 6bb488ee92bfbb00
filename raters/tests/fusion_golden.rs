//! Fusions against numbers from independent libraries (`tools/golden/staple.py`), and against a mask that others fused.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

mod support;

use mrprism_protocol::spec::FusionKind;
use mrprism_raters::case::Case;
use mrprism_raters::dataset::{Dataset, SplitName};
use mrprism_raters::fusion::{
    DawidSkeneOptions, Estimate, FusedMap, Masks, StapleOptions, dawid_skene, fuse, staple,
};
use mrprism_raters::metric::dice;
use ndarray::{Array2, ArrayRef2};
use serde::Deserialize;
use support::{built_in, real_data};

const SIDE: (usize, usize) = (24, 20);

#[derive(Deserialize)]
struct Scenario {
    seed: u64,
    miss: Vec<u64>,
    stray: Vec<u64>,
    every: usize,
    staple: Found,
    dawid_skene: Found,
    majority: Vec<u8>,
    shape_average: Hard,
}

#[derive(Deserialize)]
struct Found {
    map: Vec<f64>,
    marked: usize,
    sensitivity: Vec<f64>,
    specificity: Vec<f64>,
    prior: Option<f64>,
}

#[derive(Deserialize)]
struct Hard {
    mask: Vec<u8>,
    marked: usize,
}

fn scenarios() -> Vec<Scenario> {
    serde_json::from_str(include_str!("golden/fusion.json")).unwrap()
}

fn splitmix64(word: u64) -> u64 {
    let mut z = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A disc, missed and strayed from by each rater in their own way.
fn masks(scenario: &Scenario) -> Vec<Array2<u8>> {
    let (height, width) = SIDE;
    let rates = scenario.miss.iter().zip(&scenario.stray);
    rates
        .enumerate()
        .map(|(rater, (miss, stray))| {
            Array2::from_shape_fn(SIDE, |(y, x)| {
                let (up, across) = (2 * y as i64 - 23, 2 * x as i64 - 19);
                let inside = up * up + across * across < 15 * 15;
                let place = ((rater * height + y) * width + x) as u64;
                let luck = splitmix64((scenario.seed << 40) + place) >> 57;
                u8::from(inside != (luck < if inside { *miss } else { *stray }))
            })
        })
        .collect()
}

fn of(masks: &[Array2<u8>]) -> Masks<'_> {
    Masks::new(masks.iter().map(|mask| mask.view()).collect()).unwrap()
}

fn marked(map: &ArrayRef2<f32>) -> usize {
    map.iter().filter(|value| **value > 0.5).count()
}

#[track_caller]
fn assert_same(ours: &Estimate, theirs: &Found, every: usize) {
    let near = |ours: f64, theirs: f64| assert!((ours - theirs).abs() < 1e-4, "{ours} {theirs}");
    let sampled: Vec<_> = ours.map.iter().step_by(every).collect();
    assert_eq!(sampled.len(), theirs.map.len());
    for (ours, theirs) in sampled.into_iter().zip(&theirs.map) {
        near(f64::from(*ours), *theirs);
    }
    assert_eq!(marked(&ours.map), theirs.marked);
    assert_eq!(ours.raters.len(), theirs.sensitivity.len());
    for (rater, rates) in ours.raters.iter().enumerate() {
        near(rates.sensitivity, theirs.sensitivity[rater]);
        near(rates.specificity, theirs.specificity[rater]);
    }
    if let Some(prior) = theirs.prior {
        near(ours.prior, prior);
    }
}

#[test]
fn staple_is_simple_itks() {
    let scenarios = scenarios();
    assert_eq!(scenarios.len(), 4);
    for scenario in scenarios {
        let drawn = masks(&scenario);
        let found = staple(&of(&drawn), &StapleOptions::default());
        assert_same(&found, &scenario.staple, scenario.every);
        let to_the_end = StapleOptions {
            max_iterations: 2000,
            ..StapleOptions::default()
        };
        let found = staple(&of(&drawn), &to_the_end);
        assert!(found.converged, "{} iterations", found.iterations);
        assert_same(&found, &scenario.staple, scenario.every);
    }
}

#[test]
fn dawid_skene_is_crowd_kits() {
    for scenario in scenarios() {
        let drawn = masks(&scenario);
        // As many steps as the golden script takes, still or not.
        let options = DawidSkeneOptions {
            max_iterations: 300,
            tolerance: 0.0,
        };
        let found = dawid_skene(&of(&drawn), &options);
        assert_same(&found, &scenario.dawid_skene, scenario.every);
    }
}

#[test]
fn the_majority_is_crowd_kits_and_the_shape_based_average_scipys() {
    for scenario in scenarios() {
        let drawn = masks(&scenario);
        let fused = |kind| fuse(&of(&drawn), kind).map.above(0.5);
        let sampled = |mask: &Array2<u8>| -> Vec<u8> {
            mask.iter().copied().step_by(scenario.every).collect()
        };
        assert_eq!(sampled(&fused(FusionKind::Majority)), scenario.majority);
        let average = fused(FusionKind::ShapeAverage);
        assert_eq!(sampled(&average), scenario.shape_average.mask);
        let count = average.iter().filter(|pixel| **pixel == 1).count();
        assert_eq!(count, scenario.shape_average.marked);
    }
}

/// The data set's `est_GT` is STAPLE of its five experts, image by image, over the whole image, begun with the mean (`SimpleITK`'s
/// filter), where W > 0.5: the same as [`StapleOptions::default`].
#[test]
fn staple_is_the_estimated_ground_truth_of_cfos() {
    let Some(folder) = real_data("staple_is_the_estimated_ground_truth_of_cfos", "cfos") else {
        return;
    };
    let dataset = Dataset::open(&built_in("cfos"), Some(&folder)).unwrap();
    let mut looked_at = 0;
    for split in SplitName::ALL {
        for case in dataset.load(split, 1024, None).unwrap() {
            let value = agreement(&case);
            assert!(value >= 0.999, "{}: Dice {value}", case.name);
            looked_at += 1;
        }
    }
    assert_eq!(looked_at, 36);
}

fn agreement(case: &Case) -> f64 {
    let truth = case.arbitrated.as_ref().unwrap();
    let fused = fuse(&Masks::of_case(case, 0).unwrap(), FusionKind::Staple);
    assert!(matches!(fused.map, FusedMap::Soft(_)) && fused.converged);
    dice(
        &fused.map.above(0.5),
        &truth.index_axis(ndarray::Axis(0), 0),
    )
}
