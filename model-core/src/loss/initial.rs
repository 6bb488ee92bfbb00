//! Where a training step's recurrences begin (paper Eq. 14, 15).
//!
//! b batch, m raters, k structures, h, w.
//!
//! ```text
//! w^m = clip(μ + ε^m, 0, 1),  μ ~ U(range) once, ε ~ N(0, σ) an element, the same for the whole batch     (14)
//! c^m = w^m / Σ_r w^r,  t = Σ_m c^m z^m                                                                   (15)
//! ```
//!
//! Clipping leaves holes where no rater has any weight (3 % of the pixels for μ = 0.1 and three raters); there every
//! rater present counts alike, or the target would be background where all raters agree on the structure.

use mrprism_protocol::spec::{InitialScale, MrPrismLoss};
use tch::{Kind, Tensor};

use crate::block::fuse;
use crate::draw::Random;

/// `Σ_m w^m` below which a pixel counts as a hole.
const HOLE: f64 = 1e-3;
/// ε of the quotient in (15), as of the fusion operator's.
const EPSILON: f64 = 1e-6;

/// The first recurrence's input and target.
#[derive(Debug)]
pub struct Initial {
    /// What ConP sees: w, or c where the specification says `normalised`; 0 for absent raters. \[b, m, k, h, w\]
    pub confidences: Tensor,
    /// t. \[b, k, h, w\]
    pub target: Tensor,
}

/// Draws them: number 0 of `random` is μ, its child stream 0 gives ε.
/// Shapes: masks \[b, m, k, h, w\], present \[b, m, 1, 1, 1\] or none where all raters are
pub fn initial(
    spec: &MrPrismLoss,
    random: Random,
    masks: &Tensor,
    present: Option<&Tensor>,
) -> Initial {
    let (sizes, device) = (masks.size(), masks.device());
    let [low, high] = spec.initial_mean;
    let mean = low + (high - low) * random.uniform(0);
    let noise = random.child(0).normals(&sizes[1..], device) * spec.initial_noise;
    let drawn = (noise + mean).clamp(0.0, 1.0).unsqueeze(0);
    let counted = match present {
        Some(present) => drawn * present,
        None => drawn.expand(&sizes, false),
    };
    let equal = match present {
        Some(present) => present / present.sum_dim_intlist(1, true, None::<Kind>),
        None => Tensor::full(
            [1, 1, 1, 1, 1],
            1.0 / sizes[1] as f64,
            (Kind::Float, device),
        ),
    };
    let sum = counted.sum_dim_intlist(1, true, None::<Kind>);
    let c = (&counted / (&sum + EPSILON)).where_self(&sum.ge(HOLE), &equal);
    let target = fuse(&c, masks);
    let confidences = match spec.initial_scale {
        InitialScale::Raw => counted,
        InitialScale::Normalised => c,
    };
    Initial {
        confidences,
        target,
    }
}
