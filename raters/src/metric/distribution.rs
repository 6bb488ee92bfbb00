//! Several hypotheses against several raters: does a model say what the raters say, as often as they say it?

use ndarray::ArrayView2;

use super::overlap::Overlap;

/// Squared generalised energy distance with the distance `d = 1 − IoU` (0 between two empty masks).
///
/// `2·E d(S, Y) − E d(S, S′) − E d(Y, Y′)`, where S and S′ run over the hypotheses and Y and Y′ over the raters, each pair
/// of a mask with itself included. 0 where both sets hold the same masks equally often; never negative; at most 2.
/// None where there is no hypothesis or no rater.
///
/// Székely and Rizzo, "Energy statistics", 2013; Kohl et al., "A probabilistic U-Net", 2018.
///
/// # Panics
/// Where the sizes differ.
pub fn ged_squared(
    hypotheses: &[ArrayView2<'_, u8>],
    raters: &[ArrayView2<'_, u8>],
) -> Option<f64> {
    if hypotheses.is_empty() || raters.is_empty() {
        return None;
    }
    let across: f64 = hypotheses
        .iter()
        .flat_map(|mask| raters.iter().map(|other| distance(mask, other)))
        .sum();
    let mean = across / (hypotheses.len() * raters.len()) as f64;
    // Equal sets would otherwise leave a rounding error on either side of 0.
    Some((2.0 * mean - spread(hypotheses) - spread(raters)).max(0.0))
}

/// Dice of the best hypothesis for each rater, averaged over raters: each rater chooses freely, so that one hypothesis may be
/// several raters' best (no one-to-one assignment is made).
///
/// 1 between two empty masks. None where there is no hypothesis or no rater.
///
/// # Panics
/// Where the sizes differ.
pub fn best_match_dice(
    hypotheses: &[ArrayView2<'_, u8>],
    raters: &[ArrayView2<'_, u8>],
) -> Option<f64> {
    if hypotheses.is_empty() || raters.is_empty() {
        return None;
    }
    let best = raters.iter().map(|rater| {
        let dice = hypotheses
            .iter()
            .map(|mask| Overlap::of(mask, rater).dice());
        dice.fold(0.0, f64::max)
    });
    Some(best.sum::<f64>() / raters.len() as f64)
}

/// Mean distance over all ordered pairs of one set.
fn spread(masks: &[ArrayView2<'_, u8>]) -> f64 {
    // A mask is at distance 0 from itself, and each other pair stands twice.
    let once: f64 = masks
        .iter()
        .enumerate()
        .flat_map(|(position, mask)| {
            let later = masks[position + 1..].iter();
            later.map(|other| distance(mask, other))
        })
        .sum();
    2.0 * once / (masks.len() * masks.len()) as f64
}

fn distance(a: &ArrayView2<'_, u8>, b: &ArrayView2<'_, u8>) -> f64 {
    1.0 - Overlap::of(a, b).iou()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::{best_match_dice, ged_squared};

    #[test]
    fn hand_worked_sets() {
        let (left, right, both) = (array![[1, 0]], array![[0, 1]], array![[1, 1]]);
        let raters = [left.view(), right.view()];
        // Across: (1/2 + 1/2) / 2; among raters: half the pairs are 1 apart.
        let single = ged_squared(&[both.view()], &raters).unwrap();
        assert!((single - (2.0 * 0.5 - 0.0 - 0.5)).abs() < 1e-12);
        assert_eq!(
            ged_squared(&[right.view(), left.view()], &raters),
            Some(0.0)
        );
        // One hypothesis may be the best of both.
        let best = best_match_dice(&[both.view(), left.view()], &raters).unwrap();
        assert!((best - f64::midpoint(1.0, 2.0 / 3.0)).abs() < 1e-12);
    }

    #[test]
    fn empty_masks_agree_and_empty_sets_have_no_score() {
        let (empty, full) = (Array2::<u8>::zeros((2, 2)), Array2::<u8>::ones((2, 2)));
        assert_eq!(ged_squared(&[empty.view()], &[empty.view()]), Some(0.0));
        assert_eq!(ged_squared(&[empty.view()], &[full.view()]), Some(2.0));
        assert_eq!(best_match_dice(&[empty.view()], &[empty.view()]), Some(1.0));
        assert_eq!(best_match_dice(&[empty.view()], &[full.view()]), Some(0.0));
        assert_eq!(ged_squared(&[], &[full.view()]), None);
        assert_eq!(best_match_dice(&[full.view()], &[]), None);
    }
}
