//! The shuffle loss (paper Eq. 10–12): labels and predictions must agree however the confidences are dealt to raters.
//!
//! b batch, m raters, k structures, h, w.
//!
//! ```text
//! L = mean over permutations π of BCE( Σ_m sg(c)^{π(m)} P^m , Σ_m sg(c)^{π(m)} z^m ),  predictions clamped at 1e-6
//! ```
//!
//! π moves only raters who are present. Cases with fewer than two give 0: there is nothing to deal. (12)'s threshold is
//! left out, for it has no gradient (docs/model.md, A7).

use tch::{Kind, Tensor};

use crate::draw::Random;

/// Predictions are kept this far from 0 and 1.
const CLAMP: f64 = 1e-6;

/// Drawn permutations: `indices[p][case][m]` is π(m). One entry stands for every case where all have the same raters.
pub type Permutations = Vec<Vec<Vec<i64>>>;

/// Draws `count` permutations of the raters present: one for the whole batch where all cases have the same raters, one a
/// case where they differ. Permutation p comes from child stream p, a case's own from its child stream of the case.
pub fn permutations(random: Random, count: u64, present: &[Vec<bool>]) -> Permutations {
    let same = present.windows(2).all(|pair| pair[0] == pair[1]);
    let drawn = |p| {
        let stream = random.child(p);
        if same {
            present
                .iter()
                .take(1)
                .map(|raters| among(stream, raters))
                .collect()
        } else {
            let of_case =
                |(case, raters): (usize, &Vec<bool>)| among(stream.child(case as u64), raters);
            present.iter().enumerate().map(of_case).collect()
        }
    };
    (0..count).map(drawn).collect()
}

/// A permutation that leaves absent raters where they are.
fn among(random: Random, present: &[bool]) -> Vec<i64> {
    let places: Vec<usize> = (0..present.len()).filter(|&rater| present[rater]).collect();
    let mut permutation: Vec<i64> = (0..present.len() as i64).collect();
    for (place, dealt) in places.iter().zip(random.permutation(places.len())) {
        permutation[*place] = places[dealt] as i64;
    }
    permutation
}

/// The loss; gradients reach `heads` only.
/// Shapes: confidences, heads, masks \[b, m, k, h, w\], `present` b times m → a scalar
pub fn shuffle(
    permutations: &Permutations,
    confidences: &Tensor,
    heads: &Tensor,
    masks: &Tensor,
    present: &[Vec<bool>],
) -> Tensor {
    // Rater by rater: no product of all raters' maps is written, and gradients of the heads are gathered in one pass.
    let (confidences, heads_of, masks_of) = (
        confidences.detach().unbind(1),
        heads.unbind(1),
        masks.unbind(1),
    );
    let device = heads.device();
    let counted: Vec<f32> = present
        .iter()
        .map(|raters| {
            if raters.iter().filter(|rater| **rater).count() > 1 {
                1.0
            } else {
                0.0
            }
        })
        .collect();
    if counted.iter().all(|counts| *counts == 0.0) || permutations.is_empty() {
        return Tensor::zeros([], (Kind::Float, device));
    }
    let everyone_counts = counted.iter().all(|counts| *counts > 0.0);
    let counted = Tensor::from_slice(&counted)
        .to_device(device)
        .reshape([-1, 1, 1, 1]);
    let terms: Vec<Tensor> = permutations
        .iter()
        .map(|of_cases| {
            let dealt = deal(&confidences, of_cases);
            let predicted = joined(&dealt, &heads_of).clamp(CLAMP, 1.0 - CLAMP);
            let wanted = joined(&dealt, &masks_of);
            let entropy = cross_entropy(&predicted, &wanted);
            if everyone_counts {
                entropy.mean(None)
            } else {
                (entropy * &counted).mean(None)
            }
        })
        .collect();
    Tensor::stack(&terms, 0).mean(None)
}

/// Binary cross-entropy of every pixel. libtorch's own refuses what is no number with an error of its own; here it flows
/// on to where the step looks whether its losses are finite.
fn cross_entropy(predicted: &Tensor, wanted: &Tensor) -> Tensor {
    let opposite = |x: &Tensor| x.neg() + 1.0;
    (wanted * predicted.log() + opposite(wanted) * opposite(predicted).log()).neg()
}

/// c^{π(m)}. Shapes: m times \[b, k, h, w\] → the same
fn deal(confidences: &[Tensor], of_cases: &[Vec<i64>]) -> Vec<Tensor> {
    let dealt = |rater: usize| match of_cases {
        [shared] => confidences[shared[rater] as usize].shallow_clone(),
        each => {
            let cases: Vec<Tensor> = each
                .iter()
                .enumerate()
                .map(|(case, order)| confidences[order[rater] as usize].get(case as i64))
                .collect();
            Tensor::stack(&cases, 0)
        }
    };
    (0..confidences.len()).map(dealt).collect()
}

/// `Σ_m weights^m ⊙ maps^m`. Shapes: two times m \[b, k, h, w\] → \[b, k, h, w\]
fn joined(weights: &[Tensor], maps: &[Tensor]) -> Tensor {
    let sum = |sum: Option<Tensor>, (weight, map): (&Tensor, &Tensor)| {
        Some(sum.map_or_else(|| weight * map, |sum| sum.addcmul(weight, map)))
    };
    let joined = weights.iter().zip(maps).fold(None, sum);
    joined.unwrap_or_else(Tensor::new)
}
