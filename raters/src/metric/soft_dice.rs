//! Soft Dice: the mean of Dice over five thresholds (paper 5.2.2; official `eval_seg`).
//!
//! For τ in (0.1, 0.3, 0.5, 0.7, 0.9): A = 1[prediction > τ], G = 1[reference > τ], both strictly, and
//! `D_τ = (2·|A∩G| + 1e-4) / (|A| + |G| + 1e-4)`; two empty masks give 1. The score is the mean of these.
//!
//! A stored prediction is compared as its decoded f32 value (`u16 / 65535`) with the f32 nearest to τ; no u16 value lies on a
//! threshold, so rounding decides nothing. Votes are compared as integers: `10·votes > 10τ·M'`.

use ndarray::{Array2, ArrayRef2, Zip};

use crate::fusion::Votes;

/// The thresholds in tenths.
pub const THRESHOLD_TENTHS: [u32; 5] = [1, 3, 5, 7, 9];

const THRESHOLDS: [f32; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];
const SMOOTHING: f64 = 1e-4;

/// How many of the five thresholds each pixel passes, `[h, w]`: all that soft Dice needs to know of a map.
///
/// Pixel p lies above threshold number j (from 0) exactly where its level is greater than j.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels(Array2<u8>);

impl Levels {
    /// Levels of a probability map. NaN passes no threshold.
    pub fn of_map(map: &ArrayRef2<f32>) -> Self {
        Self(map.mapv(|value| {
            THRESHOLDS
                .iter()
                .map(|threshold| u8::from(value > *threshold))
                .sum()
        }))
    }

    /// Levels of a mean of masks, compared in integers.
    pub fn of_votes(votes: &Votes) -> Self {
        let of = u32::from(votes.of);
        Self(votes.counts.mapv(|count| {
            THRESHOLD_TENTHS
                .iter()
                .map(|tenths| u8::from(u32::from(count) * 10 > tenths * of))
                .sum()
        }))
    }

    /// Rows and columns.
    pub fn side(&self) -> (usize, usize) {
        self.0.dim()
    }
}

/// Soft Dice of a prediction against a reference of the same size, in 0 to 1.
///
/// # Panics
/// Where the sizes differ.
pub fn soft_dice(prediction: &Levels, reference: &Levels) -> f64 {
    at_each_threshold(prediction, reference, |a, g, both| {
        (2.0 * both + SMOOTHING) / (a + g + SMOOTHING)
    })
}

/// Mean over the five thresholds of a function of |A|, |G| and |A∩G|.
pub(super) fn at_each_threshold(
    prediction: &Levels,
    reference: &Levels,
    overlap: impl Fn(f64, f64, f64) -> f64,
) -> f64 {
    let mut at_level = [[0_u64; 6]; 3];
    Zip::from(&prediction.0).and(&reference.0).for_each(|a, g| {
        at_level[0][usize::from(*a)] += 1;
        at_level[1][usize::from(*g)] += 1;
        at_level[2][usize::from(*a.min(g))] += 1;
    });
    let above = |counts: &[u64; 6], threshold: usize| counts[threshold + 1..].iter().sum::<u64>();
    let sum: f64 = (0..THRESHOLDS.len())
        .map(|threshold| {
            let [a, g, both] = [0, 1, 2].map(|kind| above(&at_level[kind], threshold) as f64);
            overlap(a, g, both)
        })
        .sum();
    sum / THRESHOLDS.len() as f64
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::{Levels, soft_dice};
    use crate::fusion::Votes;

    fn votes_passed(of: u16) -> [u16; 5] {
        // Fewest votes that pass each threshold.
        let levels = Levels::of_votes(&Votes {
            counts: Array2::from_shape_fn((1, usize::from(of) + 1), |(_, votes)| votes as u16),
            of,
        });
        [0, 1, 2, 3, 4].map(|threshold| {
            levels
                .0
                .iter()
                .position(|level| *level > threshold)
                .unwrap() as u16
        })
    }

    #[test]
    fn strictly_more_votes_than_the_threshold_are_needed() {
        assert_eq!(votes_passed(7), [1, 3, 4, 5, 7]);
        assert_eq!(votes_passed(6), [1, 2, 4, 5, 6]);
        assert_eq!(votes_passed(3), [1, 1, 2, 3, 3]);
        assert_eq!(votes_passed(10), [2, 4, 6, 8, 10]);
    }

    #[test]
    fn hand_worked_masks() {
        // Prediction 0.8, 0.4, 0 and reference 1, 1, 0: Dice 1 at 0.1 and 0.3, 2/3 at 0.5 and 0.7, 0 at 0.9.
        let prediction = Levels::of_map(&array![[0.8, 0.4, 0.0]]);
        let reference = Levels::of_votes(&Votes::hard(&array![[1, 1, 0]]));
        let expected = (1.0 + 1.0 + 2.0 / 3.0 + 2.0 / 3.0 + 0.0) / 5.0;
        assert!((soft_dice(&prediction, &reference) - expected).abs() < 1e-4);
    }

    #[test]
    fn two_empty_masks_score_one_and_one_empty_mask_nearly_nothing() {
        let empty = Levels::of_map(&Array2::zeros((4, 4)));
        let full = Levels::of_map(&Array2::ones((4, 4)));
        assert!((soft_dice(&empty, &empty) - 1.0).abs() < f64::EPSILON);
        assert!(soft_dice(&empty, &full) < 1e-5);
        assert!((soft_dice(&full, &full) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_value_on_a_threshold_and_nan_lie_below_it() {
        let levels = Levels::of_map(&array![[0.1, 0.5, f32::NAN, 0.100_01, 1.0]]);
        assert_eq!(levels.0, array![[0, 2, 0, 1, 5]]);
    }
}
