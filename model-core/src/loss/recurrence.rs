//! One term of the recurrence loss (paper Eq. 8): how unlike two maps are.
//!
//! b batch, k structures, h, w.
//!
//! ```text
//! L = Σ_k [1 − mean over b, h, w of SSIM(x_k, y_k)]
//! ```

use tch::{Kind, Tensor};

use super::Ssim;

/// The loss. Its arguments may change places; the caller detaches the one that is a target.
/// Shapes: two \[b, k, h, w\] → a scalar
pub fn dissimilarity(ssim: &Ssim, x: &Tensor, y: &Tensor) -> Tensor {
    let similar = ssim
        .map(x, y)
        .mean_dim([0_i64, 2, 3].as_slice(), false, None::<Kind>);
    (similar.neg() + 1.0).sum(None)
}
