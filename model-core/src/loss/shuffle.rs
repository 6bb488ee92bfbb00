//! The shuffle loss (paper Eq. 10–12): labels and predictions must agree however the confidences are dealt to raters.
//!
//! b batch, m raters, k structures, h, w.
//!
//! ```text
//! L = mean over permutations π of BCE( Σ_m sg(c)^{π(m)} P^m , Σ_m sg(c)^{π(m)} z^m ),  predictions clamped at 1e-6
//! ```
//!
//! π moves only raters who are present. Cases with fewer than two give 0: there is nothing to deal. (12)'s threshold is
//! left out by default, for it has no gradient (docs/model.md, A7).
//!
//! Options: `per_head` compares `c^{π(m)} P^m` with `c^{π(m)} z^m` rater by rater, as the authors' code does;
//! `straight_through` thresholds P with P's gradient; `both` lets the gradient into c on the predictions' side.

use mrprism_protocol::spec::{MrPrismLoss, ShuffleForm, ShuffleGradient, ShuffleThreshold};
use tch::{Kind, Tensor};

use super::entropy::{CLAMP, binary, mean_of_present};
use crate::block::straight_through;
use crate::draw::Random;

/// Thresholded predictions are kept this far from 0 and 1: they are exactly that wherever all heads agree, and a gradient
/// of 1/10⁻⁶ there would drown every other. Where they agree, the clamp passes none.
const CLAMP_OF_CUT: f64 = 1e-3;

/// How labels and predictions are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShuffleRule {
    /// After fusing or rater by rater.
    pub form: ShuffleForm,
    /// With (12)'s threshold or without.
    pub threshold: ShuffleThreshold,
    /// What is taught.
    pub gradient: ShuffleGradient,
}

impl ShuffleRule {
    /// The specification's.
    pub const fn of(spec: &MrPrismLoss) -> Self {
        Self {
            form: spec.shuffle_form,
            threshold: spec.shuffle_threshold,
            gradient: spec.shuffle_gradient,
        }
    }
}

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

/// The loss; gradients reach `heads`, and `confidences` where the rule says so.
/// Shapes: confidences, heads, masks \[b, m, k, h, w\], `present` b times m → a scalar
pub fn shuffle(
    rule: ShuffleRule,
    permutations: &Permutations,
    confidences: &Tensor,
    heads: &Tensor,
    masks: &Tensor,
    present: &[Vec<bool>],
) -> Tensor {
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
    let (heads, clamp) = match rule.threshold {
        ShuffleThreshold::Soft => (heads.shallow_clone(), CLAMP),
        ShuffleThreshold::StraightThrough => (straight_through(heads), CLAMP_OF_CUT),
    };
    // Rater by rater: fusing writes no product of all raters' maps, and gradients of the heads are gathered in one pass.
    let (heads_of, masks_of) = (heads.unbind(1), masks.unbind(1));
    let still = confidences.detach().unbind(1);
    let moving = match rule.gradient {
        ShuffleGradient::Heads => None,
        ShuffleGradient::Both => Some(confidences.unbind(1)),
    };
    let terms: Vec<Tensor> = permutations
        .iter()
        .map(|of_cases| {
            let wanting = deal(&still, of_cases);
            let taught = moving.as_ref().map(|moving| deal(moving, of_cases));
            let predicting = taught.as_ref().unwrap_or(&wanting);
            let entropy = match rule.form {
                ShuffleForm::Fused => binary(
                    &joined(predicting, &heads_of).clamp(clamp, 1.0 - clamp),
                    &joined(&wanting, &masks_of),
                ),
                ShuffleForm::PerRater => {
                    let predicted = products(predicting, &heads_of).clamp(clamp, 1.0 - clamp);
                    mean_of_present(&binary(&predicted, &products(&wanting, &masks_of)), present)
                }
            };
            if everyone_counts {
                entropy.mean(None)
            } else {
                (entropy * &counted).mean(None)
            }
        })
        .collect();
    Tensor::stack(&terms, 0).mean(None)
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

/// `weights^m ⊙ maps^m`. Shapes: two times m \[b, k, h, w\] → \[b, m, k, h, w\]
fn products(weights: &[Tensor], maps: &[Tensor]) -> Tensor {
    let pairs = weights.iter().zip(maps);
    let products: Vec<Tensor> = pairs.map(|(weight, map)| weight * map).collect();
    Tensor::stack(&products, 1)
}
