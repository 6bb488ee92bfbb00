//! Normal distributions with independent axes, as latent variables have them.
//!
//! ```text
//! KL(q ‖ p) = Σ ln(σ_p/σ_q) + (σ_q² + (μ_q − μ_p)²) / (2 σ_p²) − ½
//! ```

use tch::{Kind, Tensor};

/// Logarithms of deviations are kept inside ± this: no deviation overflows.
const WIDEST: f64 = 10.0;

/// Mean and logarithm of the deviation, of one shape.
#[derive(Debug)]
pub struct Gaussian {
    /// μ.
    pub mean: Tensor,
    /// ln σ.
    pub log_deviation: Tensor,
}

impl Gaussian {
    /// From maps or vectors whose first half along axis 1 is μ, the second ln σ.
    pub fn from_halves(both: &Tensor) -> Self {
        let halves = both.chunk(2, 1);
        Self {
            mean: halves[0].shallow_clone(),
            log_deviation: halves[1].clamp(-WIDEST, WIDEST),
        }
    }

    /// μ + σ ε, through which gradients reach both.
    pub fn at(&self, noise: &Tensor) -> Tensor {
        &self.mean + self.log_deviation.exp() * noise
    }

    /// KL(self ‖ other), summed over all axes but the first. Shapes: → \[b\]
    pub fn divergence(&self, other: &Self) -> Tensor {
        let variance = (&self.log_deviation * 2.0).exp();
        let apart = (&self.mean - &other.mean).square();
        let each = &other.log_deviation - &self.log_deviation
            + (variance + apart) * (&other.log_deviation * -2.0).exp() * 0.5
            - 0.5;
        each.flatten(1, -1).sum_dim_intlist(1, false, None::<Kind>)
    }
}
