//! The recurrences of prediction (docs/model.md, inference): Rec0 asks with equal confidences, each later one with what
//! the pass before it found. No rater's mask takes part.
//!
//! rec passes, b batch, m raters, k structures, s side.

use tch::{Tensor, no_grad};

/// What one pass gives.
#[derive(Debug)]
pub struct Pass {
    /// ŷ, \[b, k, s, s\].
    pub prediction: Tensor,
    /// P, \[b, m, k, s, s\].
    pub heads: Tensor,
    /// c, \[b, m, k, s, s\].
    pub confidences: Tensor,
    /// What the next pass is asked with, \[b, m, k, s, s\].
    pub next: Tensor,
}

/// A batch's prediction, every pass.
#[derive(Debug)]
pub struct Predicted {
    /// ŷ, \[rec, b, k, s, s\].
    pub prediction: Tensor,
    /// P, \[rec, b, m, k, s, s\].
    pub heads: Tensor,
    /// c, \[rec, b, m, k, s, s\].
    pub confidences: Tensor,
}

/// What predicts.
pub trait Predictor {
    /// Predicts `images` \[b, c, s, s\] in `passes` passes (at least one), in evaluation mode and without gradients.
    fn predict(&self, images: &Tensor, passes: u32) -> Predicted;
}

/// Runs `count` passes (at least one), the first with `start`.
pub fn passes(start: Tensor, count: u32, mut pass: impl FnMut(&Tensor) -> Pass) -> Predicted {
    no_grad(|| {
        let (mut predictions, mut heads, mut confidences) = (Vec::new(), Vec::new(), Vec::new());
        let mut asking = start;
        for _ in 0..count.max(1) {
            let found = pass(&asking);
            predictions.push(found.prediction);
            heads.push(found.heads);
            confidences.push(found.confidences);
            asking = found.next;
        }
        Predicted {
            prediction: Tensor::stack(&predictions, 0),
            heads: Tensor::stack(&heads, 0),
            confidences: Tensor::stack(&confidences, 0),
        }
    })
}
