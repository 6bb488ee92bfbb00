//! Whether a probability is the share of raters who mark the pixel: reliability, expected calibration error, Brier score.
//!
//! Every pixel counts once, background included. The observed frequency is votes / raters; against a hard mask it is 0 or 1,
//! which makes these the usual scores against labels.

use ndarray::{ArrayRef2, Zip};
use serde::Serialize;

use crate::fusion::Votes;

/// Number of bins of equal width.
pub const BINS: usize = 10;

/// Inner bounds of the bins; a value on a bound belongs to the bin below it.
const BOUNDS: [f32; BINS - 1] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// The reliability curve of one map: ten bins (lower, upper], the first with its lower bound 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reliability {
    /// In order of confidence.
    pub bins: [Bin; BINS],
}

/// The pixels whose probability lies in one bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Upper bound, included.
    pub upper: f64,
    /// Number of pixels.
    pub count: u64,
    /// Their mean probability; none of no pixel.
    pub confidence: Option<f64>,
    /// Their mean share of raters who mark them; none of no pixel.
    pub frequency: Option<f64>,
}

impl Reliability {
    /// Sorts the pixels of a map `[h, w]` into bins. NaN falls into the first and makes its mean NaN.
    ///
    /// # Panics
    /// Where the sizes differ.
    pub fn of(map: &ArrayRef2<f32>, votes: &Votes) -> Self {
        let mut sums = [(0_u64, 0.0_f64, 0_u64); BINS];
        Zip::from(map).and(&votes.counts).for_each(|value, count| {
            let bin = BOUNDS
                .iter()
                .map(|bound| usize::from(value > bound))
                .sum::<usize>();
            let (pixels, confidence, marks) = &mut sums[bin];
            *pixels += 1;
            *confidence += f64::from(*value);
            *marks += u64::from(*count);
        });
        let mut place = 0_u8;
        let bins = sums.map(|(count, confidence, marks)| {
            place += 1;
            let mean = |sum: f64| (count > 0).then(|| sum / count as f64);
            Bin {
                upper: f64::from(place) / BINS as f64,
                count,
                confidence: mean(confidence),
                frequency: mean(marks as f64 / f64::from(votes.of)),
            }
        });
        Self { bins }
    }

    /// Expected calibration error: mean over pixels of |confidence − frequency| of their bins, in 0 to 1.
    ///
    /// Guo et al., "On calibration of modern neural networks", 2017, with rater frequency in place of accuracy.
    pub fn expected_error(&self) -> f64 {
        let pixels: u64 = self.bins.iter().map(|bin| bin.count).sum();
        let sum: f64 = self
            .bins
            .iter()
            .filter_map(|bin| {
                let gap = (bin.confidence? - bin.frequency?).abs();
                Some(bin.count as f64 * gap)
            })
            .sum();
        sum / pixels.max(1) as f64
    }
}

/// Expected calibration error of a map against votes. See [`Reliability::expected_error`].
///
/// # Panics
/// Where the sizes differ.
pub fn expected_calibration_error(map: &ArrayRef2<f32>, votes: &Votes) -> f64 {
    Reliability::of(map, votes).expected_error()
}

/// Brier score against rater frequency: mean over pixels of (p − votes/raters)², in 0 to 1.
///
/// Against the raters' single marks the score is larger by the mean of f·(1 − f), which no prediction changes.
///
/// # Panics
/// Where the sizes differ.
pub fn brier(map: &ArrayRef2<f32>, votes: &Votes) -> f64 {
    let of = f64::from(votes.of);
    let sum = Zip::from(map)
        .and(&votes.counts)
        .fold(0.0, |sum, value, count| {
            sum + (f64::from(*value) - f64::from(*count) / of).powi(2)
        });
    sum / map.len().max(1) as f64
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    reason = "the expected numbers are quotients and roots that are rounded once"
)]
mod tests {
    use ndarray::{Array2, array};

    use super::{Reliability, brier, expected_calibration_error};
    use crate::fusion::Votes;

    #[test]
    fn hand_worked_bins() {
        // 0.1 and 0.5 lie on bounds and belong to the bin below.
        let map = array![[0.0, 0.1, 0.5, 0.45, 1.0]];
        let votes = Votes {
            counts: array![[0, 1, 1, 2, 2]],
            of: 2,
        };
        let curve = Reliability::of(&map, &votes);
        let counts = curve.bins.map(|bin| bin.count);
        assert_eq!(counts, [2, 0, 0, 0, 2, 0, 0, 0, 0, 1]);
        assert_eq!(curve.bins[4].frequency, Some(0.75));
        assert_eq!(curve.bins[1].confidence, None);
        let expected = (2.0 * (0.25 - 0.05) + 2.0 * (0.75 - 0.475)) / 5.0;
        assert!((curve.expected_error() - expected).abs() < 1e-6);
        let expected = (0.4_f64.powi(2) + 0.55_f64.powi(2)) / 5.0;
        assert!((brier(&map, &votes) - expected).abs() < 1e-6);
    }

    #[test]
    fn the_raters_own_mean_is_calibrated_and_empty_masks_are_no_special_case() {
        let votes = Votes {
            counts: array![[0, 1, 2, 4]],
            of: 4,
        };
        let mean = votes.counts.mapv(|count| f32::from(count) / 4.0);
        assert!(expected_calibration_error(&mean, &votes) < 1e-12);
        assert!(brier(&mean, &votes) < 1e-12);
        let (none, all) = (Array2::zeros((1, 4)), Array2::ones((1, 4)));
        let empty = Votes::hard(&Array2::zeros((1, 4)));
        for score in [expected_calibration_error, brier] {
            assert_eq!(score(&none, &empty), 0.0);
            assert_eq!(score(&all, &empty), 1.0);
        }
    }
}
