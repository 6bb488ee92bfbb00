//! What ConP is asked with: the form of confidences in every recurrence, in training and at inference (docs/model.md, A3).
//!
//! b batch, m raters, k structures, s side; P a head's probability, c its share.
//!
//! | form | later recurrences | first pass of inference |
//! | --- | --- | --- |
//! | `share_times_head` | c ⊙ P | 1/M |
//! | `share` | c | 1/M |
//! | `head` | P | what training begins with on average: the middle of μ, or 1/M where it is normalised |
//! | `log_head` | ln max(P, 10⁻³) | the logarithm of that |
//!
//! `confidence_scale = "raters"` multiplies shares by the number of raters present, so that equal trust is 1 whatever M;
//! c ⊙ P then has the scale of P, which is that of the raw draw (14) too. A raw draw is no share and stays as drawn.

use mrprism_protocol::spec::{Confidence, ConfidenceScale, InitialScale, MrPrismSpec};
use tch::{Kind, Tensor};

/// Where the logarithm is cut (−6.9): below it a head says "background" and nothing finer, and uncut numbers of
/// background would outweigh every structure.
const LOG_FLOOR: f64 = 1e-3;

/// The form.
#[derive(Debug, Clone, Copy)]
pub struct Asking {
    form: Confidence,
    scale: ConfidenceScale,
    initial: InitialScale,
    middle: f64,
}

impl Asking {
    /// As the specification says.
    pub fn new(spec: &MrPrismSpec) -> Self {
        let [low, high] = spec.loss.initial_mean;
        Self {
            form: spec.network.confidence,
            scale: spec.network.confidence_scale,
            initial: spec.loss.initial_scale,
            middle: f64::midpoint(low, high),
        }
    }

    /// From the draw (14) that a training step begins with. Shapes: \[b, m, k, s, s\], present \[b, m, 1, 1, 1\] → the same
    pub fn first(&self, drawn: Tensor, present: Option<&Tensor>) -> Tensor {
        match (self.form, self.initial) {
            (Confidence::LogHead, _) => logarithm(&drawn),
            (_, InitialScale::Raw) => drawn,
            (_, InitialScale::Normalised) => self.scaled(drawn, present),
        }
    }

    /// From what a recurrence found; an absent rater is trusted by nothing. Shapes: as [`Self::first`]
    pub fn next(&self, shares: &Tensor, heads: &Tensor, present: Option<&Tensor>) -> Tensor {
        let counted = || present.map_or_else(|| heads.shallow_clone(), |present| heads * present);
        match self.form {
            Confidence::ShareTimesHead => self.scaled(shares * heads, present),
            Confidence::Share => self.scaled(shares.shallow_clone(), present),
            Confidence::Head => counted(),
            Confidence::LogHead => logarithm(&counted()),
        }
    }

    /// The number that inference begins with, everywhere.
    pub fn start(&self, raters: i64) -> f64 {
        let equal = 1.0 / raters as f64;
        let of_heads = match self.initial {
            InitialScale::Raw => self.middle,
            InitialScale::Normalised => equal,
        };
        match (self.form, self.scale) {
            (Confidence::Head, _) => of_heads,
            (Confidence::LogHead, _) => of_heads.max(LOG_FLOOR).ln(),
            (_, ConfidenceScale::Share) => equal,
            (_, ConfidenceScale::Raters) => 1.0,
        }
    }

    fn scaled(&self, shares: Tensor, present: Option<&Tensor>) -> Tensor {
        match (self.scale, present) {
            (ConfidenceScale::Share, _) => shares,
            (ConfidenceScale::Raters, None) => {
                let raters = shares.size()[1] as f64;
                shares * raters
            }
            (ConfidenceScale::Raters, Some(present)) => {
                shares * present.sum_dim_intlist(1, true, None::<Kind>)
            }
        }
    }
}

fn logarithm(weights: &Tensor) -> Tensor {
    weights.clamp_min(LOG_FLOOR).log()
}
