//! Soft IoU: the mean of IoU over soft Dice's five thresholds (official `eval_seg`).
//!
//! `I_τ = (|A∩G| + 1e-6) / (|A∪G| + 1e-6)` with A and G as in soft Dice; two empty masks give 1.

use super::soft_dice::{Levels, at_each_threshold};

const SMOOTHING: f64 = 1e-6;

/// Soft IoU of a prediction against a reference of the same size, in 0 to 1.
///
/// # Panics
/// Where the sizes differ.
pub fn soft_iou(prediction: &Levels, reference: &Levels) -> f64 {
    at_each_threshold(prediction, reference, |a, g, both| {
        (both + SMOOTHING) / (a + g - both + SMOOTHING)
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::soft_iou;
    use crate::fusion::Votes;
    use crate::metric::Levels;

    #[test]
    fn hand_worked_masks() {
        // Prediction 0.8, 0.4, 0 and reference 1, 1, 0: IoU 1 at 0.1 and 0.3, 1/2 at 0.5 and 0.7, 0 at 0.9.
        let prediction = Levels::of_map(&array![[0.8, 0.4, 0.0]]);
        let reference = Levels::of_votes(&Votes::hard(&array![[1, 1, 0]]));
        assert!((soft_iou(&prediction, &reference) - 3.0 / 5.0).abs() < 1e-6);
    }

    #[test]
    fn two_empty_masks_score_one_and_one_empty_mask_nearly_nothing() {
        let empty = Levels::of_map(&Array2::zeros((4, 4)));
        let full = Levels::of_map(&Array2::ones((4, 4)));
        assert!((soft_iou(&empty, &empty) - 1.0).abs() < f64::EPSILON);
        assert!(soft_iou(&empty, &full) < 1e-7);
    }
}
