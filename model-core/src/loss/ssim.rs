//! Structural similarity (Wang et al. 2004) of probability maps, as MrPrism's code windows it: a Gaussian, zeros outside
//! the image, every pixel counted.
//!
//! n maps, h, w. Tensors are \[n, 1, h, w\].
//!
//!     SSIM = (2 μ_x μ_y + C₁)(2 σ_xy + C₂) / ((μ_x² + μ_y² + C₁)(σ_x² + σ_y² + C₂)),  C₁ = 0.01², C₂ = 0.03²

use tch::{Device, Tensor};

const C1: f64 = 0.01 * 0.01;
const C2: f64 = 0.03 * 0.03;

/// The window, as one column: the Gaussian separates.
#[derive(Debug)]
pub struct Ssim {
    column: Tensor,
}

impl Ssim {
    /// A window of `side` (odd) pixels and standard deviation `sigma`; its weights sum to 1.
    pub fn new(side: u32, sigma: f64, device: Device) -> Self {
        let middle = f64::from(side / 2);
        let weights: Vec<f64> = (0..side)
            .map(|i| (-(f64::from(i) - middle).powi(2) / (2.0 * sigma * sigma)).exp())
            .collect();
        let sum: f64 = weights.iter().sum();
        let weights: Vec<f32> = weights.iter().map(|weight| (weight / sum) as f32).collect();
        Self {
            column: Tensor::from_slice(&weights)
                .reshape([1, 1, -1, 1])
                .to_device(device),
        }
    }

    /// The similarity of every pixel's surroundings. Shapes: two \[b, k, h, w\] → \[b, k, h, w\]
    pub fn map(&self, x: &Tensor, y: &Tensor) -> Tensor {
        // Five moments in one convolution: [5, b, k, h, w] → [5·b·k, 1, h, w]
        let moments = Tensor::stack(
            &[x.shallow_clone(), y.shallow_clone(), x * x, y * y, x * y],
            0,
        );
        let blurred = self
            .blur(&moments.flatten(0, 2).unsqueeze(1))
            .view_as(&moments);
        let (mean_x, mean_y) = (blurred.get(0), blurred.get(1));
        let (xx, yy, xy) = (&mean_x * &mean_x, &mean_y * &mean_y, mean_x * mean_y);
        let variances = blurred.get(2) - &xx + (blurred.get(3) - &yy);
        let covariance = blurred.get(4) - &xy;
        ((xy * 2.0 + C1) * (covariance * 2.0 + C2)) / ((xx + yy + C1) * (variances + C2))
    }

    /// Convolves with the Gaussian, zeros outside. Shapes: \[n, 1, h, w\] → the same
    fn blur(&self, maps: &Tensor) -> Tensor {
        let reach = self.column.size()[2] / 2;
        let row = self.column.transpose(2, 3);
        let none = None::<&Tensor>;
        maps.conv2d(&self.column, none, [1, 1], [reach, 0], [1, 1], 1)
            .conv2d(&row, none, [1, 1], [0, reach], [1, 1], 1)
    }
}
