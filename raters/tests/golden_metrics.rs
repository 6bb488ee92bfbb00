//! Metrics against numbers from independent libraries: `tools/golden/metrics.py`.

use mrprism_raters::fusion::Votes;
use mrprism_raters::metric::{
    Levels, Overlap, Reliability, Surface, above_half, average_surface_distance, best_match_dice,
    brier, fleiss_kappa, ged_squared, hausdorff, majority_of, soft_iou,
};
use mrprism_raters::prediction::from_fixed;
use ndarray::Array2;
use serde::Deserialize;

#[derive(Deserialize)]
struct Scenario {
    seed: u64,
    height: usize,
    width: usize,
    raters: u64,
    hypotheses: u64,
    specks: u64,
    pairs: Vec<Pair>,
    prediction: Pair,
    calibration: Calibration,
    soft_iou: f64,
    ged_squared: f64,
    best_match_dice: f64,
    fleiss_kappa: f64,
}

#[derive(Deserialize)]
struct Pair {
    dice: f64,
    iou: f64,
    sensitivity: f64,
    specificity: f64,
    precision: f64,
    hausdorff_50: f64,
    hausdorff_95: f64,
    hausdorff_100: f64,
    average_surface_distance: f64,
}

#[derive(Deserialize)]
struct Calibration {
    ece: f64,
    brier: f64,
    count: Vec<u64>,
    confidence: Vec<Option<f64>>,
    frequency: Vec<Option<f64>>,
}

/// scikit-learn, statsmodels and numpy compute in 64 bits.
const EXACT: f64 = 1e-9;
/// MONAI computes in 32 bits; its sums of bins lose a little more than its distances.
const SINGLE: f64 = 2e-5;

#[track_caller]
fn assert_near(ours: f64, theirs: f64, tolerance: f64) {
    assert!(
        (ours - theirs).abs() < tolerance * theirs.abs().max(1.0),
        "{ours} and {theirs}"
    );
}

fn word(seed: u64, stream: u64, index: u64) -> u64 {
    let start = (seed << 40) + (stream << 32) + index;
    let mut z = start.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Scenario {
    /// A drawn disc, which may touch the image's edge, with specks.
    fn mask(&self, stream: u64) -> Array2<u8> {
        let (h, w) = (self.height as u64, self.width as u64);
        let draw = |index| word(self.seed, stream, index);
        let (cy, cx) = (3 * h / 8 + draw(0) % (h / 4), 3 * w / 8 + draw(1) % (w / 4));
        let radius = h.min(w) / 5 + draw(2) % (h.min(w) / 3);
        Array2::from_shape_fn((self.height, self.width), |(y, x)| {
            let (y, x) = (y as u64, x as u64);
            let inside = y.abs_diff(cy).pow(2) + x.abs_diff(cx).pow(2) <= radius.pow(2);
            u8::from(inside ^ (draw(3 + y * w + x) % 256 < self.specks))
        })
    }

    fn masks(&self, first: u64, count: u64) -> Vec<Array2<u8>> {
        (first..first + count)
            .map(|stream| self.mask(stream))
            .collect()
    }

    fn votes(&self, masks: &[Array2<u8>]) -> Votes {
        let none = Array2::zeros((self.height, self.width));
        Votes {
            counts: masks
                .iter()
                .fold(none, |sum, mask| sum + mask.mapv(u16::from)),
            of: masks.len() as u16,
        }
    }

    fn map(&self, votes: &Votes) -> Array2<f32> {
        Array2::from_shape_fn(votes.counts.dim(), |(y, x)| {
            let luck = word(self.seed, 300, (y * self.width + x) as u64) % 21;
            let share = 40 * u64::from(votes.counts[[y, x]]) / u64::from(votes.of);
            let steps = (share + luck).saturating_sub(10).min(40);
            from_fixed((steps * 65_535 / 40) as u16)
        })
    }
}

fn assert_pair(prediction: &Array2<u8>, reference: &Array2<u8>, theirs: &Pair) {
    let overlap = Overlap::of(prediction, reference);
    assert_near(overlap.dice(), theirs.dice, EXACT);
    assert_near(overlap.iou(), theirs.iou, EXACT);
    assert_near(overlap.sensitivity(), theirs.sensitivity, EXACT);
    assert_near(overlap.specificity(), theirs.specificity, EXACT);
    assert_near(overlap.precision(), theirs.precision, EXACT);
    let (a, b) = (Surface::of(prediction), Surface::of(reference));
    assert_near(hausdorff(&a, &b, 50.0), theirs.hausdorff_50, SINGLE);
    assert_near(hausdorff(&a, &b, 95.0), theirs.hausdorff_95, SINGLE);
    assert_near(hausdorff(&a, &b, 100.0), theirs.hausdorff_100, SINGLE);
    assert_near(
        average_surface_distance(&a, &b),
        theirs.average_surface_distance,
        SINGLE,
    );
}

fn assert_calibration(map: &Array2<f32>, votes: &Votes, theirs: &Calibration) {
    let curve = Reliability::of(map, votes);
    assert_eq!(curve.bins.map(|bin| bin.count).to_vec(), theirs.count);
    let means = theirs.confidence.iter().zip(&theirs.frequency);
    for (bin, (confidence, frequency)) in curve.bins.iter().zip(means) {
        assert_eq!(bin.confidence.is_some(), confidence.is_some());
        assert_near(
            bin.confidence.unwrap_or(0.0),
            confidence.unwrap_or(0.0),
            SINGLE,
        );
        assert_near(
            bin.frequency.unwrap_or(0.0),
            frequency.unwrap_or(0.0),
            SINGLE,
        );
    }
    assert_near(curve.expected_error(), theirs.ece, SINGLE);
    assert_near(brier(map, votes), theirs.brier, EXACT);
}

#[test]
fn every_metric_equals_the_libraries() {
    let text = include_str!("golden/metrics.json");
    let scenarios: Vec<Scenario> = serde_json::from_str(text).unwrap();
    assert_eq!(scenarios.len(), 4);
    for scenario in scenarios {
        let masks = scenario.masks(100, scenario.raters);
        let hypotheses = scenario.masks(200, scenario.hypotheses);
        assert_eq!(scenario.pairs.len(), masks.len() * hypotheses.len());
        let pairs = hypotheses
            .iter()
            .flat_map(|hypothesis| masks.iter().map(move |mask| (hypothesis, mask)));
        for ((hypothesis, mask), theirs) in pairs.zip(&scenario.pairs) {
            assert_pair(hypothesis, mask, theirs);
        }
        let votes = scenario.votes(&masks);
        let map = scenario.map(&votes);
        assert_pair(
            &above_half(&map),
            &majority_of(&votes),
            &scenario.prediction,
        );
        assert_calibration(&map, &votes, &scenario.calibration);
        let soft = soft_iou(&Levels::of_map(&map), &Levels::of_votes(&votes));
        assert_near(soft, scenario.soft_iou, EXACT);
        let ours: Vec<_> = hypotheses.iter().map(|mask| mask.view()).collect();
        let theirs: Vec<_> = masks.iter().map(|mask| mask.view()).collect();
        let ged = ged_squared(&ours, &theirs).unwrap();
        assert_near(ged, scenario.ged_squared, EXACT);
        let best = best_match_dice(&ours, &theirs).unwrap();
        assert_near(best, scenario.best_match_dice, EXACT);
        assert_near(fleiss_kappa(&votes).unwrap(), scenario.fleiss_kappa, EXACT);
    }
}
