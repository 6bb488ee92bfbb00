//! SIMPLE: a majority weighted by performance, from which poor raters are dropped again and again.
//!
//! After Langerak et al.: "Label fusion in atlas-based segmentation using a selective and iterative method for performance
//! level estimation (SIMPLE)", IEEE TMI 29(12), 2010. The first estimate is the plain majority. Then, until neither the
//! selection nor the estimate changes: each selected rater's performance φ is the Dice of the rater's mask and the estimate;
//! raters with φ below (mean of φ) − α·(standard deviation of φ) are dropped for good; the others vote with weight φ.

use ndarray::{Array2, Zip};

use super::Masks;
use super::masks::order_by_content;
use crate::metric::dice;

/// What SIMPLE may be told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimpleOptions {
    /// α: how many standard deviations below the mean performance a rater may lie.
    pub alpha: f64,
    /// Fewest raters that stay selected.
    pub keep: usize,
    /// Rounds at most.
    pub max_iterations: u32,
}

impl Default for SimpleOptions {
    /// α = 1; at least 3 raters; 25 rounds.
    fn default() -> Self {
        Self {
            alpha: 1.0,
            keep: 3,
            max_iterations: 25,
        }
    }
}

/// What SIMPLE found.
#[derive(Debug, Clone, PartialEq)]
pub struct Simple {
    /// `[h, w]`: the selected raters' weighted share of votes, in 0 to 1; the fused mask is where it is above 0.5.
    pub map: Array2<f32>,
    /// Slot and performance φ (Dice with the fused mask of the round before) of each selected rater, in slot order.
    pub selected: Vec<(usize, f64)>,
    /// Rounds taken.
    pub iterations: u32,
    /// Whether a round changed nothing before the rounds were spent.
    pub converged: bool,
}

/// SIMPLE of one structure's masks.
pub fn simple(masks: &Masks<'_>, options: &SimpleOptions) -> Simple {
    let order = order_by_content(std::slice::from_ref(masks));
    let mut selected: Vec<(usize, f64)> = order.into_iter().map(|slot| (slot, 1.0)).collect();
    let mut map = weighted(masks, &selected);
    let (mut iterations, mut converged) = (0, false);
    while iterations < options.max_iterations && !converged {
        let estimate = map.mapv(|share| u8::from(share > 0.5));
        let before = selected.len();
        for (slot, performance) in &mut selected {
            *performance = masks
                .of_slot(*slot)
                .map_or(0.0, |mask| dice(&mask, &estimate));
        }
        select(&mut selected, options);
        map = weighted(masks, &selected);
        iterations += 1;
        let same = Zip::from(&map)
            .and(&estimate)
            .all(|share, mark| (*share > 0.5) == (*mark != 0));
        converged = same && selected.len() == before;
    }
    selected.sort_by_key(|(slot, _)| *slot);
    Simple {
        map,
        selected,
        iterations,
        converged,
    }
}

/// Drops the worst raters that lie below the threshold, as long as enough stay.
fn select(selected: &mut Vec<(usize, f64)>, options: &SimpleOptions) {
    let count = selected.len() as f64;
    let mean = selected.iter().map(|(_, phi)| phi).sum::<f64>() / count;
    let squares: f64 = selected.iter().map(|(_, phi)| (phi - mean).powi(2)).sum();
    let threshold = mean - options.alpha * (squares / count).sqrt();
    let mut rising: Vec<f64> = selected.iter().map(|(_, phi)| *phi).collect();
    rising.sort_by(f64::total_cmp);
    // Equal performances stay or go together: the one that must stay holds the line for its equals.
    let spare = selected.len().saturating_sub(options.keep);
    let line = rising
        .get(spare)
        .map_or(threshold, |held| threshold.min(*held));
    selected.retain(|(_, phi)| *phi >= line);
}

/// Weighted share of votes; the plain one where every weight is 0.
fn weighted(masks: &Masks<'_>, selected: &[(usize, f64)]) -> Array2<f32> {
    let total: f64 = selected.iter().map(|(_, weight)| weight).sum();
    let plain = total <= 0.0;
    let whole = if plain { selected.len() as f64 } else { total };
    let mut sum = Array2::<f64>::zeros(masks.side());
    for (slot, weight) in selected {
        if let Some(mask) = masks.of_slot(*slot) {
            let weight = if plain { 1.0 } else { *weight };
            Zip::from(&mut sum)
                .and(mask)
                .for_each(|sum, pixel| *sum += weight * f64::from(u8::from(*pixel != 0)));
        }
    }
    // A sum of all weights may lie a rounding above the whole.
    sum.mapv(|sum| (sum / whole).min(1.0) as f32)
}

#[cfg(test)]
mod tests {
    use super::{SimpleOptions, simple};
    use crate::fusion::Masks;
    use crate::testing::case_of_rows;

    #[test]
    fn a_rater_who_marks_something_else_is_dropped() {
        let case = case_of_rows(&[
            &[1, 1, 1, 1, 0, 0, 0, 0],
            &[1, 1, 1, 0, 0, 0, 0, 0],
            &[0, 0, 0, 0, 0, 0, 1, 1],
            &[1, 1, 1, 1, 1, 0, 0, 0],
        ]);
        let found = simple(
            &Masks::of_case(&case, 0).unwrap(),
            &SimpleOptions::default(),
        );
        let slots: Vec<_> = found.selected.iter().map(|(slot, _)| *slot).collect();
        assert_eq!(slots, [0, 1, 3]);
        assert!(found.converged);
        let marks: Vec<bool> = found.map.iter().map(|share| *share > 0.5).collect();
        assert_eq!(marks, [1, 1, 1, 1, 0, 0, 0, 0].map(|mark| mark == 1));
        // Weights are Dice with 1110 of the first majority (three of four raters), then with 1111.
        let weights: Vec<f64> = found.selected.iter().map(|(_, phi)| *phi).collect();
        let expected = [1.0, 6.0 / 7.0, 8.0 / 9.0];
        assert!(
            weights
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-12),
            "{weights:?}"
        );
    }

    #[test]
    fn two_raters_are_never_dropped_and_empty_masks_stay_empty() {
        let two = case_of_rows(&[&[1, 1, 0], &[0, 0, 1]]);
        let found = simple(&Masks::of_case(&two, 0).unwrap(), &SimpleOptions::default());
        assert_eq!(found.selected.len(), 2);
        assert!(
            found.map.iter().all(|share| *share <= 0.5),
            "a tie is background"
        );
        let empty = case_of_rows(&[&[0, 0], &[0, 0], &[0, 0], &[0, 0]]);
        let found = simple(
            &Masks::of_case(&empty, 0).unwrap(),
            &SimpleOptions::default(),
        );
        assert!(found.map.iter().all(|share| *share <= 0.0));
        assert_eq!(found.selected.len(), 4);
    }
}
