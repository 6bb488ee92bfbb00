//! Phantoms end to end: bits that stay, biases that show, nested structures, splits.

mod support;

use mrprism_protocol::spec::ArbitratedKind;
use mrprism_raters::case::Case;
use mrprism_raters::dataset::{Dataset, check};
use ndarray::{Axis, s};
use support::built_in;

fn area(case: &Case, rater: usize, structure: usize) -> f64 {
    let pixels = case.mask(rater, structure);
    pixels.iter().map(|pixel| f64::from(*pixel)).sum()
}

#[test]
fn the_shipped_phantoms_open_with_the_splits_they_promise() {
    for name in ["phantom", "phantom-over", "phantom-under"] {
        let dataset = Dataset::open(&built_in(name), None).unwrap();
        let card = dataset.card();
        assert_eq!((card.raters, card.channels), (5, 1));
        assert_eq!(card.arbitrated, Some(ArbitratedKind::Generator));
        let counts = ["train", "validation", "test"].map(|split| card.cases[split]);
        assert_eq!(counts, [48, 12, 16]);
        assert_eq!(card.manifest.len(), 64);
    }
}

#[test]
fn the_same_definition_gives_the_same_bits_and_another_seed_others() {
    let open = |seed| {
        let mut definition = built_in("phantom");
        let phantom = definition.phantom.as_mut().unwrap();
        phantom.seed = seed;
        phantom.cases = [2, 1, 1];
        Dataset::open(&definition, None).unwrap()
    };
    let (first, again, other) = (open(1), open(1), open(2));
    assert_eq!(first.manifest(), again.manifest());
    assert_ne!(first.manifest(), other.manifest());
    let splits = first.splits(64, None).unwrap();
    assert_eq!(splits, again.splits(64, None).unwrap());
    assert_ne!(splits, other.splits(64, None).unwrap());
    assert_ne!(splits.train[0].image, splits.train[1].image);
}

#[test]
fn each_raters_bias_shows_in_its_areas() {
    let definition = built_in("phantom");
    let biases = definition.phantom.clone().unwrap().biases;
    let dataset = Dataset::open(&definition, None).unwrap();
    let cases = dataset.splits(64, None).unwrap().train;
    for structure in 0..2 {
        for (rater, bias) in biases.iter().enumerate() {
            let relative: f64 = cases
                .iter()
                .map(|case| {
                    let truth = case.arbitrated.as_ref().unwrap();
                    let truth = truth
                        .slice(s![structure, .., ..])
                        .iter()
                        .map(|pixel| f64::from(*pixel))
                        .sum::<f64>();
                    area(case, rater, structure) / truth
                })
                .sum::<f64>()
                / cases.len() as f64;
            let expected = (1.0 + bias).powi(2);
            assert!(
                (relative - expected).abs() < 0.06,
                "rater {rater}, structure {structure}: {relative} and {expected}"
            );
        }
    }
}

#[test]
fn a_cup_never_leaves_its_disc_and_the_image_shows_both() {
    let dataset = Dataset::open(&built_in("phantom-over"), None).unwrap();
    for case in dataset.splits(64, None).unwrap().test {
        for rater in 0..case.raters() {
            let (disc, cup) = (case.mask(rater, 0), case.mask(rater, 1));
            assert!(disc.iter().zip(&cup).all(|(disc, cup)| cup <= disc));
            assert!(cup.iter().any(|pixel| *pixel == 1));
        }
        let truth = case.arbitrated.as_ref().unwrap();
        let image = case.image.index_axis(Axis(0), 0);
        let mean_where = |inside: &dyn Fn(u8, u8) -> bool| {
            let (disc, cup) = (truth.index_axis(Axis(0), 0), truth.index_axis(Axis(0), 1));
            let values: Vec<f32> = image
                .iter()
                .zip(disc.iter().zip(cup))
                .filter(|(_, (disc, cup))| inside(**disc, **cup))
                .map(|(value, _)| *value)
                .collect();
            values.iter().sum::<f32>() / values.len() as f32
        };
        let (cup, rim, outside) = (
            mean_where(&|_, cup| cup == 1),
            mean_where(&|disc, cup| disc == 1 && cup == 0),
            mean_where(&|disc, _| disc == 0),
        );
        assert!(
            cup > rim + 0.1 && rim > outside + 0.1,
            "{cup} {rim} {outside}"
        );
        assert!(image.iter().all(|value| (0.0..=1.0).contains(value)));
    }
}

#[test]
fn raters_without_bias_and_jitter_draw_the_generators_mask() {
    let mut definition = built_in("phantom");
    let phantom = definition.phantom.as_mut().unwrap();
    phantom.biases = vec![0.0; 3];
    phantom.jitter = 0.0;
    phantom.cases = [1, 0, 1];
    let splits = Dataset::open(&definition, None)
        .unwrap()
        .splits(64, None)
        .unwrap();
    for case in splits.train.iter().chain(&splits.test) {
        for rater in 0..3 {
            let drawn = case.masks.index_axis(Axis(0), rater);
            assert_eq!(drawn, case.arbitrated.as_ref().unwrap());
        }
    }
}

#[test]
fn another_size_keeps_shapes_and_shares() {
    let dataset = Dataset::open(&built_in("phantom"), None).unwrap();
    let (small, large) = (
        dataset.splits(32, None).unwrap(),
        dataset.splits(96, None).unwrap(),
    );
    let native = dataset.splits(64, None).unwrap();
    for ((small, large), native) in small.test.iter().zip(&large.test).zip(&native.test) {
        assert_eq!(small.image.dim(), (1, 32, 32));
        assert_eq!(large.masks.dim(), (5, 2, 96, 96));
        let share = area(native, 0, 0) / 64.0_f64.powi(2);
        assert!((area(small, 0, 0) / 32.0_f64.powi(2) - share).abs() < 0.01);
        assert!((area(large, 0, 0) / 96.0_f64.powi(2) - share).abs() < 0.01);
        let mean = |case: &Case| case.image.mean().unwrap();
        assert!((mean(small) - mean(native)).abs() < 0.01);
        assert!((mean(large) - mean(native)).abs() < 0.01);
    }
}

#[test]
fn the_check_of_a_phantom_is_sound_and_reads_well() {
    let report = check(&Dataset::open(&built_in("phantom"), None).unwrap());
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.present, [76; 5]);
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    let disc = &report.structures[0];
    let ratios: Vec<_> = disc
        .areas
        .iter()
        .map(|area| area.mean_relative_area.unwrap())
        .collect();
    assert!(
        ratios[2] > ratios[0] && ratios[0] > ratios[3] && ratios[3] > ratios[4],
        "{ratios:?}"
    );
    assert!(report.to_string().contains("Dice between raters"));
    assert!(serde_json::to_value(&report).unwrap()["structures"][1]["name"] == "cup");
}

/// The diagnosis is the generator's own ratio of cup to disc, measured here on its masks.
#[test]
fn a_phantom_of_disc_and_cup_is_ill_where_its_cup_is_high() {
    let dataset = Dataset::open(&built_in("phantom"), None).unwrap();
    assert!(dataset.card().diagnoses);
    let cases = dataset.splits(64, None).unwrap().train;
    let ratio = |case: &Case| {
        let truth = case.arbitrated.as_ref().unwrap();
        let area = |k: usize| {
            let mask = truth.slice(s![k, .., ..]);
            mask.iter().map(|pixel| f64::from(*pixel)).sum::<f64>()
        };
        (area(1) / area(0)).sqrt()
    };
    let of = |label| {
        let chosen: Vec<f64> = cases
            .iter()
            .filter(|case| case.label == Some(label))
            .map(ratio)
            .collect();
        assert!(chosen.len() > 10, "{} with label {label}", chosen.len());
        chosen.iter().sum::<f64>() / chosen.len() as f64
    };
    assert!(of(0) < 0.48 && of(1) > 0.52, "{} {}", of(0), of(1));
    let mut disc_alone = built_in("phantom");
    disc_alone.structures.truncate(1);
    disc_alone.nested.clear();
    let dataset = Dataset::open(&disc_alone, None).unwrap();
    assert!(!dataset.card().diagnoses);
    let case = dataset.splits(64, None).unwrap().train.remove(0);
    assert_eq!(case.label, None);
}
