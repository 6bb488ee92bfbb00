//! How well raters agree with each other.

use super::overlap::dice;
use crate::case::Case;
use crate::fusion::Votes;

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

/// Fleiss' kappa of two categories (marked or not) over the pixels of one structure: agreement beyond chance, at most 1.
///
/// 1 where all raters mark all pixels alike with one category alone (chance agreement is then complete, and kappa 0/0).
/// None of fewer than two raters.
///
/// Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin 76, 1971. The large background that
/// everybody leaves out raises it: compare kappas of one data set at one size only.
pub fn fleiss_kappa(votes: &Votes) -> Option<f64> {
    if votes.of < 2 {
        return None;
    }
    let of = u64::from(votes.of);
    let (marks, agreeing) = votes.counts.iter().fold((0_u64, 0_u64), |sums, count| {
        let (yes, no) = (u64::from(*count), of - u64::from(*count).min(of));
        // Ordered pairs of raters who say the same.
        let pairs = yes * yes.saturating_sub(1) + no * no.saturating_sub(1);
        (sums.0 + yes, sums.1 + pairs)
    });
    let all = votes.counts.len() as u64 * of;
    if marks == 0 || marks == all {
        return Some(1.0);
    }
    let observed = agreeing as f64 / (all * (of - 1)) as f64;
    let marked = marks as f64 / all as f64;
    let chance = marked.powi(2) + (1.0 - marked).powi(2);
    Some((observed - chance) / (1.0 - chance))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::{fleiss_kappa, pairwise_dice};
    use crate::fusion::Votes;
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

    #[test]
    fn hand_worked_kappa() {
        let kappa = |counts, of| fleiss_kappa(&Votes { counts, of });
        // Two raters, eight pixels: they agree on six, and half of their marks are 1.
        let two = kappa(array![[2, 1, 0, 1], [2, 0, 2, 0]], 2).unwrap();
        assert!((two - (6.0 / 8.0 - 0.5) / 0.5).abs() < 1e-12);
        assert_eq!(kappa(array![[3, 0, 3]], 3), Some(1.0));
        assert_eq!(kappa(array![[1, 1]], 2), Some(-1.0));
        assert_eq!(kappa(array![[0, 0]], 2), Some(1.0));
        assert_eq!(kappa(array![[5, 5]], 5), Some(1.0));
        assert_eq!(kappa(array![[0, 1]], 1), None);
    }
}
