//! Binary cross-entropy of maps, and its mean over the raters who are there.

use tch::{Kind, Tensor};

/// Probabilities are kept this far from 0 and 1.
pub(super) const CLAMP: f64 = 1e-6;

/// Binary cross-entropy of every pixel. libtorch's own refuses what is no number with an error of its own; here it flows
/// on to where the step looks whether its losses are finite.
pub(super) fn binary(predicted: &Tensor, wanted: &Tensor) -> Tensor {
    let opposite = |x: &Tensor| x.neg() + 1.0;
    (wanted * predicted.log() + opposite(wanted) * opposite(predicted).log()).neg()
}

/// Binary cross-entropy with soft or hard labels, the mean over batch, structures and pixels. Shapes: two \[b, k, h, w\] → a
/// scalar
pub fn soft_cross_entropy(predicted: &Tensor, wanted: &Tensor) -> Tensor {
    binary(&predicted.clamp(CLAMP, 1.0 - CLAMP), wanted).mean(None)
}

/// The same of every map by itself. Shapes: two \[…, h, w\] → \[…\]
pub fn cross_entropy_by_map(predicted: &Tensor, wanted: &Tensor) -> Tensor {
    binary(&predicted.clamp(CLAMP, 1.0 - CLAMP), wanted).mean_dim(
        [-2_i64, -1].as_slice(),
        false,
        None::<Kind>,
    )
}

/// The mean over a case's raters, absent ones left out. Shapes: \[b, m, k, h, w\], `present` b times m → \[b, k, h, w\]
pub(super) fn mean_of_present(maps: &Tensor, present: &[Vec<bool>]) -> Tensor {
    if present.iter().flatten().all(|present| *present) {
        return maps.mean_dim([1_i64].as_slice(), false, None::<Kind>);
    }
    let weights: Vec<f32> = present
        .iter()
        .flat_map(|raters| {
            let count = raters.iter().filter(|present| **present).count().max(1) as f32;
            raters
                .iter()
                .map(move |present| if *present { 1.0 / count } else { 0.0 })
        })
        .collect();
    let weights = Tensor::from_slice(&weights)
        .to_device(maps.device())
        .reshape([present.len() as i64, -1, 1, 1, 1]);
    (maps * weights).sum_dim_intlist(1, false, None::<Kind>)
}
