//! Thresholding that learns: T of Eq. 4 and 12.

use tch::{Kind, Tensor};

/// 1 where `x` is above 0.5, else 0, with the gradient of `x` itself (straight-through). Shapes: any → the same
pub fn straight_through(x: &Tensor) -> Tensor {
    let still = x.detach();
    let cut = still.gt(0.5).to_kind(Kind::Float);
    // x − sg(x) is exactly 0, so the values are exact.
    cut + (x - still)
}
