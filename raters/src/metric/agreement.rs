//! How well raters agree with each other.

use ndarray::{ArrayRef2, Zip};

use crate::case::Case;

/// Dice of two hard masks of the same size (0 is background); 1 where both are empty.
///
/// # Panics
/// Where the sizes differ.
pub fn dice(a: &ArrayRef2<u8>, b: &ArrayRef2<u8>) -> f64 {
    let (both, sum) = Zip::from(a)
        .and(b)
        .fold((0_u64, 0_u64), |(both, sum), a, b| {
            let (a, b) = (u64::from(*a != 0), u64::from(*b != 0));
            (both + a * b, sum + a + b)
        });
    if sum == 0 {
        1.0
    } else {
        2.0 * both as f64 / sum as f64
    }
}

/// Dice of every pair of present raters on one structure, as (rater, later rater, Dice), positions from 0.
pub fn pairwise_dice(case: &Case, structure: usize) -> Vec<(usize, usize, f64)> {
    let present: Vec<_> = case.present_raters().collect();
    present
        .iter()
        .enumerate()
        .flat_map(|(position, first)| {
            present[position + 1..].iter().map(move |second| {
                let value = dice(
                    &case.mask(*first, structure),
                    &case.mask(*second, structure),
                );
                (*first, *second, value)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::pairwise_dice;
    use crate::testing::case_of_rows;

    #[test]
    fn absent_raters_make_no_pairs_and_two_empty_masks_agree() {
        let mut case = case_of_rows(&[&[1, 1, 0], &[1, 0, 0], &[0, 0, 0], &[0, 0, 0]]);
        case.present[1] = false;
        let pairs = pairwise_dice(&case, 0);
        assert_eq!(pairs, [(0, 2, 0.0), (0, 3, 0.0), (2, 3, 1.0)]);
        case.present[1] = true;
        assert_eq!(pairwise_dice(&case, 0)[0], (0, 1, 2.0 / 3.0));
    }
}
