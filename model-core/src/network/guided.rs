//! The attention guided filter of AG-Net (Zhang et al., "Attention guided network for retinal image segmentation", MICCAI
//! 2019): what the decoder found on a coarse grid is carried to a fine one along the encoder's edges.
//!
//! I guide and p input on the coarse grid, a a weight a pixel; every window is 5x5, the mean of what lies inside the image.
//!
//! ```text
//! ⟨x⟩ = mean(a² x) / mean(a²)
//! A = (⟨I p⟩ − ⟨I⟩⟨p⟩) / (⟨I²⟩ − ⟨I⟩² + ε),  b = ⟨p⟩ − A ⟨I⟩        the ridge regression of each window, p ≈ A I + b
//! out = up(mean A) ⊙ fine guide + up(mean b)
//! ```

use tch::Tensor;

/// Half a window's side, without its centre.
const RADIUS: i64 = 2;
/// ε.
const RIDGE: f64 = 1e-2;

/// A and b of every window. Shapes: guide, input \[b, c, r, r\], weight \[b, 1, r, r\] → two \[b, c, r, r\]
pub fn local_lines(guide: &Tensor, input: &Tensor, weight: &Tensor) -> (Tensor, Tensor) {
    // Kept above 0: a window of no weight would have no mean.
    let weight = weight.square() + 1e-6;
    let all = windows(&weight);
    let mean = |x: &Tensor| windows(&(x * &weight)) / &all;
    let (of_guide, of_input) = (mean(guide), mean(input));
    let covariance = mean(&(guide * input)) - &of_guide * &of_input;
    let variance = mean(&guide.square()) - of_guide.square();
    let slope = covariance / (variance + RIDGE);
    let offset = of_input - &slope * of_guide;
    (slope, offset)
}

/// The filter's output on the fine grid.
/// Shapes: guide, input \[b, c, r, r\], weight \[b, 1, r, r\], fine \[b, c, 2r, 2r\] → \[b, c, 2r, 2r\]
pub fn guided(guide: &Tensor, input: &Tensor, weight: &Tensor, fine: &Tensor) -> Tensor {
    let (slope, offset) = local_lines(guide, input, weight);
    let side = fine.size()[3];
    let up = |x: &Tensor| windows(x).upsample_bilinear2d([side, side], false, None, None);
    up(&slope) * fine + up(&offset)
}

/// Means of 5x5 windows; outside the image is nothing.
fn windows(x: &Tensor) -> Tensor {
    let side = 2 * RADIUS + 1;
    x.avg_pool2d([side, side], [1, 1], [RADIUS, RADIUS], false, false, None)
}
