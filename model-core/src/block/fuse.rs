//! The working fusion operator (docs/model.md, section 1): confidences from probabilities, and masks joined by them.
//!
//! b batch, m raters, k structures, h, w.
//!
//! ```text
//! c^m = v^m P^m / (Σ_r v^r P^r + ε)        c ⊛ z = Σ_m c^m ⊙ z^m
//! ```

use tch::{Kind, Tensor};

/// ε of the quotient.
pub(crate) const EPSILON: f64 = 1e-6;

/// Confidences c from heads' probabilities P; an absent rater has none.
///
/// # Shapes
/// heads \[b, m, k, h, w\], present \[b, m, 1, 1, 1\] of 0 and 1, or none where all raters count → \[b, m, k, h, w\]
pub fn confidences(heads: &Tensor, present: Option<&Tensor>) -> Tensor {
    shares(heads, present, EPSILON)
}

/// The same with an ε of the caller's. Without one, a pixel of which no head says anything has 0 / 0.
pub fn shares(heads: &Tensor, present: Option<&Tensor>, epsilon: f64) -> Tensor {
    let counted = present.map_or_else(|| heads.shallow_clone(), |present| heads * present);
    let sum = counted.sum_dim_intlist(1, true, None::<Kind>) + epsilon;
    counted / sum
}

/// Masks or probabilities joined by weights: `Σ_m weights^m ⊙ maps^m`. Shapes: two \[b, m, k, h, w\] → \[b, k, h, w\]
pub fn fuse(weights: &Tensor, maps: &Tensor) -> Tensor {
    (weights * maps).sum_dim_intlist(1, false, None::<Kind>)
}
