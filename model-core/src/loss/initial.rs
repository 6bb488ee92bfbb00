//! Where a training step's recurrences begin (paper Eq. 14, 15).
//!
//! b batch, m raters, k structures, h, w.
//!
//! ```text
//! w^m = clip(μ + ε^m, 0, 1),  μ ~ U(range) once, ε ~ N(0, σ) an element, the same for the whole batch     (14)
//! c^m = w^m / Σ_r w^r,  t = Σ_m c^m z^m                                                                   (15)
//! ```
//!
//! Two options change the draw, for ConP averages confidences over 4x4 pixels and so sees next to nothing of who got
//! more: `initial_draw = "per_rater"` draws a μ^m for each rater, and `initial_noise_cell` gives squares of pixels one ε.
//!
//! Clipping leaves holes where no rater has any weight (3 % of the pixels for μ = 0.1 and three raters); there every
//! rater present counts alike, or the target would be background where all raters agree on the structure.

use mrprism_protocol::spec::{InitialDraw, InitialScale, MrPrismLoss};
use tch::{Device, Kind, Tensor};

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

/// Draws them: number 0 of `random` is μ (number m is μ^m where raters have their own), its child stream 0 gives ε.
/// Shapes: masks \[b, m, k, h, w\], present \[b, m, 1, 1, 1\] or none where all raters are
pub fn initial(
    spec: &MrPrismLoss,
    random: Random,
    masks: &Tensor,
    present: Option<&Tensor>,
) -> Initial {
    let (sizes, device) = (masks.size(), masks.device());
    let [low, high] = spec.initial_mean;
    let mean = |number| low + (high - low) * random.uniform(number);
    let noise = noise(spec, random.child(0), &sizes[1..], device);
    let around = match spec.initial_draw {
        InitialDraw::Shared => noise + mean(0),
        InitialDraw::PerRater => {
            let means: Vec<f32> = (0..sizes[1] as u64)
                .map(|rater| mean(rater) as f32)
                .collect();
            let means = Tensor::from_slice(&means).to_device(device);
            noise + means.reshape([-1, 1, 1, 1])
        }
    };
    let drawn = around.clamp(0.0, 1.0).unsqueeze(0);
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

/// ε. Shapes: → \[m, k, h, w\]
fn noise(spec: &MrPrismLoss, random: Random, shape: &[i64], device: Device) -> Tensor {
    let cell = i64::from(spec.initial_noise_cell.max(1));
    let &[m, k, h, w] = shape else {
        return random.normals(shape, device) * spec.initial_noise;
    };
    let drawn = random.normals(&[m, k, h / cell, w / cell], device) * spec.initial_noise;
    if cell == 1 {
        drawn
    } else {
        drawn.upsample_nearest2d([h, w], None, None)
    }
}
