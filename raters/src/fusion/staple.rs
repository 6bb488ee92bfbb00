//! STAPLE: the hidden mask and each rater's sensitivity and specificity, estimated together.
//!
//! Warfield, Zou, Wells: "Simultaneous truth and performance level estimation (STAPLE)", IEEE TMI 23(7), 2004; binary, one
//! structure at a time, without a Markov random field. The share of foreground is fixed: the mean of all decisions. Over the
//! whole image background dominates and every specificity is near 1; [`StapleOptions::margin`] looks at the masks' surroundings only.

use ndarray::{Array2, ArrayView2, s};
use serde::Serialize;

use super::em::{self, Group, Prior, Rule};
use super::masks::order_by_content;
use super::pattern::Patterns;
use super::{Masks, Rates, Start};

/// What STAPLE may be told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StapleOptions {
    /// Where EM begins.
    pub start: Start,
    /// EM ends after so many steps, converged or not.
    pub max_iterations: u32,
    /// EM has converged when a step moves W by at most this, averaged over pixels.
    pub tolerance: f64,
    /// Only the bounding box of every mask together, widened by so many pixels on each side, is looked at; W is 0 outside.
    /// None: the whole image.
    pub margin: Option<usize>,
}

impl Default for StapleOptions {
    /// Begin with the mean; 100 iterations; 1e-9, at which W stands still to far less than 1e-4 at any one pixel of an ordinary
    /// image; the whole image.
    fn default() -> Self {
        Self {
            start: Start::Mean,
            max_iterations: 100,
            tolerance: 1e-9,
            margin: None,
        }
    }
}

/// A fused mask and what EM says of each rater.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// `[h, w]`: W, the probability that the pixel is foreground, in 0 to 1.
    #[serde(skip)]
    pub map: Array2<f32>,
    /// One entry a mask, in slot order.
    pub raters: Vec<Rates>,
    /// Share of foreground that was assumed (STAPLE) or found (Dawid–Skene).
    pub prior: f64,
    /// EM steps taken; 0 where every rater agrees and nothing was to be estimated.
    pub iterations: u32,
    /// Whether W stood still before the iterations were spent.
    pub converged: bool,
    /// One entry an iteration; never falls.
    pub log_likelihood: Vec<f64>,
}

/// STAPLE of one structure's masks. Raters who agree on every pixel (all empty, or one rater alone) get that mask back.
pub fn staple(masks: &Masks<'_>, options: &StapleOptions) -> Estimate {
    if masks.agree() {
        return unanimous(masks);
    }
    let order = order_by_content(std::slice::from_ref(masks));
    let drawn: Vec<_> = order
        .iter()
        .filter_map(|slot| masks.of_slot(*slot))
        .collect();
    let ((top, bottom), (left, right)) = options.margin.map_or_else(
        || ((0, masks.side().0), (0, masks.side().1)),
        |margin| marked_box(&drawn, margin),
    );
    let seen: Vec<_> = drawn
        .iter()
        .map(|mask| mask.slice_move(s![top..bottom, left..right]))
        .collect();
    let group = Group {
        patterns: Patterns::count(&seen),
        raters: (0..order.len()).collect(),
    };
    let rule = Rule {
        start: options.start,
        prior: Prior::Fixed,
        max_iterations: options.max_iterations,
        tolerance: options.tolerance,
    };
    let fit = em::fit(std::slice::from_ref(&group), order.len(), rule);
    let mut map = Array2::zeros(masks.side());
    map.slice_mut(s![top..bottom, left..right])
        .assign(&group.patterns.spread(&fit.w[0]));
    Estimate {
        map,
        raters: by_slot(&order, &fit),
        prior: fit.priors[0],
        iterations: fit.iterations,
        converged: fit.converged,
        log_likelihood: fit.log_likelihood,
    }
}

/// The mask that every rater drew.
pub(super) fn unanimous(masks: &Masks<'_>) -> Estimate {
    let shared = masks.iter().next().map(|(_, mask)| mask);
    let map = shared.map_or_else(
        || Array2::zeros((0, 0)),
        |mask| mask.mapv(|pixel| f32::from(u8::from(pixel != 0))),
    );
    Estimate {
        prior: f64::from(map.mean().unwrap_or(0.0)),
        map,
        raters: vec![Rates::PERFECT; masks.slots().len()],
        iterations: 0,
        converged: true,
        log_likelihood: Vec::new(),
    }
}

/// The rates of raters that EM met in `order`, in slot order.
pub(super) fn by_slot(order: &[usize], fit: &em::Fit) -> Vec<Rates> {
    let mut rates: Vec<_> = order
        .iter()
        .zip(fit.sensitivity.iter().zip(&fit.specificity))
        .map(|(slot, (sensitivity, specificity))| {
            let rates = Rates {
                sensitivity: *sensitivity,
                specificity: *specificity,
            };
            (*slot, rates)
        })
        .collect();
    rates.sort_by_key(|(slot, _)| *slot);
    rates.into_iter().map(|(_, rates)| rates).collect()
}

/// Rows and columns (first, one past the last) of every marked pixel, widened by `margin` inside the image.
fn marked_box(masks: &[ArrayView2<'_, u8>], margin: usize) -> ((usize, usize), (usize, usize)) {
    let (height, width) = masks.first().map_or((0, 0), ArrayView2::dim);
    let marked = masks.iter().flat_map(|mask| {
        let pixels = mask.indexed_iter().filter(|(_, pixel)| **pixel != 0);
        pixels.map(|(at, _)| at)
    });
    let (mut rows, mut columns) = ((height, 0), (width, 0));
    for (y, x) in marked {
        rows = (rows.0.min(y), rows.1.max(y + 1));
        columns = (columns.0.min(x), columns.1.max(x + 1));
    }
    let widened = |(first, end): (usize, usize), length: usize| {
        let first = first.saturating_sub(margin);
        (first, end.saturating_add(margin).min(length).max(first))
    };
    (widened(rows, height), widened(columns, width))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::{StapleOptions, staple};
    use crate::fusion::{Masks, Start};
    use crate::testing::case_of_rows;

    #[test]
    fn raters_who_agree_get_their_mask_back() {
        let case = case_of_rows(&[&[1, 0, 1], &[1, 0, 1]]);
        let estimate = staple(
            &Masks::of_case(&case, 0).unwrap(),
            &StapleOptions::default(),
        );
        assert_eq!(estimate.map, array![[1.0, 0.0, 1.0]]);
        assert_eq!((estimate.iterations, estimate.converged), (0, true));
        let empty = case_of_rows(&[&[0, 0], &[0, 0]]);
        let estimate = staple(
            &Masks::of_case(&empty, 0).unwrap(),
            &StapleOptions::default(),
        );
        assert_eq!(estimate.map, Array2::<f32>::zeros((1, 2)));
    }

    #[test]
    fn one_step_worked_by_hand() {
        // Two raters on four pixels: patterns 11, 10, 00, 00. f = 3/8; W begins as 1, 1/2, 0, 0.
        let case = case_of_rows(&[&[1, 1, 0, 0], &[1, 0, 0, 0]]);
        let options = StapleOptions {
            max_iterations: 1,
            ..StapleOptions::default()
        };
        let estimate = staple(&Masks::of_case(&case, 0).unwrap(), &options);
        // M: p = (1, 1/1.5), q = (2/2.5, 1); both ones are clamped to 1 − 1e-6.
        let (p, q, one) = (2.0 / 3.0, 0.8, 1.0 - 1e-6);
        let w = |a: f64, b: f64| (0.375 * a / (0.375 * a + 0.625 * b)) as f32;
        let expected = [
            w(one * p, (1.0 - q) * (1.0 - one)),
            w(one * (1.0 - p), (1.0 - q) * one),
            w((1.0 - one) * (1.0 - p), q * one),
        ];
        for (found, expected) in estimate.map.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
        assert_eq!((estimate.iterations, estimate.converged), (1, false));
        assert!((estimate.prior - 0.375).abs() < 1e-12);
    }

    #[test]
    fn outside_the_box_there_is_nothing_and_the_prior_is_the_boxes() {
        let case = case_of_rows(&[&[0, 0, 0, 1, 1, 0, 0, 0], &[0, 0, 0, 1, 0, 0, 0, 0]]);
        let masks = Masks::of_case(&case, 0).unwrap();
        let prior = |margin| {
            let options = StapleOptions {
                margin,
                ..StapleOptions::default()
            };
            staple(&masks, &options).prior
        };
        assert!((prior(Some(0)) - 0.75).abs() < 1e-12);
        assert!((prior(Some(1)) - 3.0 / 8.0).abs() < 1e-12);
        assert!((prior(Some(usize::MAX)) - prior(None)).abs() < 1e-12);
        let options = StapleOptions {
            margin: Some(0),
            ..StapleOptions::default()
        };
        let map = staple(&masks, &options).map;
        assert_eq!(map.shape(), [1, 8]);
        assert!(map.iter().take(3).all(|value| *value <= 0.0));
    }

    #[test]
    fn both_starts_end_at_one_place() {
        let case = case_of_rows(&[
            &[1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
            &[1, 1, 0, 0, 0, 0, 0, 0, 0, 1],
            &[1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
        ]);
        let masks = Masks::of_case(&case, 0).unwrap();
        let from = |start| {
            let options = StapleOptions {
                start,
                ..StapleOptions::default()
            };
            staple(&masks, &options).map
        };
        let (mean, rates) = (from(Start::Mean), from(Start::Rates));
        assert!((mean - rates).iter().all(|gap| gap.abs() < 1e-3));
    }
}
