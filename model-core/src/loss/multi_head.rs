//! The multi-head loss (paper Eq. 9): every head learns its own rater.
//!
//! b batch, m raters, k structures, h, w.
//!
//! ```text
//! L = 1/M Σ_m BCE(P^m, z^m),  P clamped at 1e-6
//! ```
//!
//! (9) sums over raters; the mean keeps the weight's meaning whatever M. Absent raters are left out of it.

use tch::Tensor;

use super::entropy::{CLAMP, binary, mean_of_present};

/// The loss; it ties head m to rater m, which the fused shuffle loss does not.
/// Shapes: heads, masks \[b, m, k, h, w\], `present` b times m → a scalar
pub fn multi_head(heads: &Tensor, masks: &Tensor, present: &[Vec<bool>]) -> Tensor {
    let predicted = heads.clamp(CLAMP, 1.0 - CLAMP);
    mean_of_present(&binary(&predicted, masks), present).mean(None)
}

/// The same of heads that are given as log odds.
pub fn multi_head_of_logits(logits: &Tensor, masks: &Tensor, present: &[Vec<bool>]) -> Tensor {
    mean_of_present(&(logits.softplus() - masks * logits), present).mean(None)
}
