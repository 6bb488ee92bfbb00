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

/// A batch's prediction, every pass. Zero raters where a method has no heads or confidences, zero hypotheses where it has
/// none.
#[derive(Debug)]
pub struct Predicted {
    /// ŷ, \[rec, b, k, s, s\].
    pub prediction: Tensor,
    /// P, \[rec, b, m, k, s, s\].
    pub heads: Tensor,
    /// c, \[rec, b, m, k, s, s\].
    pub confidences: Tensor,
    /// Further segmentations of equal standing, of a method that gives several, \[j, b, k, s, s\].
    pub hypotheses: Tensor,
}

impl Predicted {
    /// Of a method that makes one pass and knows no raters: \[b, k, s, s\].
    pub fn single(prediction: &Tensor) -> Self {
        let none = Self::none(prediction);
        Self {
            heads: none.shallow_clone(),
            confidences: none,
            hypotheses: Self::no_hypotheses(prediction),
            prediction: prediction.unsqueeze(0),
        }
    }

    /// The same with a map for each rater, \[b, m, k, s, s\].
    #[must_use]
    pub fn with_heads(self, heads: &Tensor) -> Self {
        Self {
            heads: heads.unsqueeze(0),
            ..self
        }
    }

    /// The same with hypotheses, \[j, b, k, s, s\].
    #[must_use]
    pub fn with_hypotheses(self, hypotheses: Tensor) -> Self {
        Self { hypotheses, ..self }
    }

    fn none(prediction: &Tensor) -> Tensor {
        let mut shape = prediction.size();
        shape.insert(1, 0);
        shape.insert(0, 1);
        prediction.new_empty(&shape, (prediction.kind(), prediction.device()))
    }

    fn no_hypotheses(prediction: &Tensor) -> Tensor {
        let mut shape = prediction.size();
        shape.insert(0, 0);
        prediction.new_empty(&shape, (prediction.kind(), prediction.device()))
    }
}

/// What predicts.
pub trait Predictor {
    /// Predicts `images` \[b, c, s, s\] in `passes` passes (at least one; a method without recurrences makes one), in evaluation mode and without gradients.
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
            hypotheses: predictions
                .first()
                .map(Predicted::no_hypotheses)
                .unwrap_or_default(),
            prediction: Tensor::stack(&predictions, 0),
            heads: Tensor::stack(&heads, 0),
            confidences: Tensor::stack(&confidences, 0),
        }
    })
}
