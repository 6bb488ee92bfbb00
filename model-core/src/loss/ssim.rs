//! Structural similarity (Wang et al. 2004) of probability maps, as MrPrism's code windows it: a Gaussian, zeros outside
//! the image, every pixel counted.
//!
//! b batch, k structures, h, w.
//!
//! ```text
//! SSIM = (2 μ_x μ_y + C₁)(2 σ_xy + C₂) / ((μ_x² + μ_y² + C₁)(σ_x² + σ_y² + C₂)),  C₁ = 0.01², C₂ = 0.03²
//! ```
//!
//! The Gaussian separates, so blurring a map X is `G_h X G_wᵀ` with banded matrices G: two matrix products, which processors
//! and their backward passes do several times faster than convolutions of single-channel maps.

use std::cell::RefCell;
use std::collections::BTreeMap;

use tch::{Device, Tensor};

const C1: f64 = 0.01 * 0.01;
const C2: f64 = 0.03 * 0.03;

/// The window.
#[derive(Debug)]
pub struct Ssim {
    weights: Vec<f32>,
    device: Device,
    bands: RefCell<BTreeMap<i64, Tensor>>,
}

impl Ssim {
    /// A window of `side` (odd) pixels and standard deviation `sigma`; its weights sum to 1.
    pub fn new(side: u32, sigma: f64, device: Device) -> Self {
        let middle = f64::from(side / 2);
        let weights: Vec<f64> = (0..side)
            .map(|i| (-(f64::from(i) - middle).powi(2) / (2.0 * sigma * sigma)).exp())
            .collect();
        let sum: f64 = weights.iter().sum();
        let weights = weights.iter().map(|weight| (weight / sum) as f32).collect();
        Self {
            weights,
            device,
            bands: RefCell::default(),
        }
    }

    /// The similarity of every pixel's surroundings. Shapes: two \[b, k, h, w\] → \[b, k, h, w\]
    pub fn map(&self, x: &Tensor, y: &Tensor) -> Tensor {
        // Moments in one product, [3, b, k, h, w]; σ_x² and σ_y² are needed as a sum only. y stands apart: where it is a
        // target, nothing goes back through its blur.
        let moments = Tensor::stack(&[x.shallow_clone(), x * x + y * y, x * y], 0);
        let blurred = self.blur(&moments);
        let (mean_x, mean_y) = (blurred.get(0), self.blur(y));
        let squares = &mean_x * &mean_x + &mean_y * &mean_y;
        let product = mean_x * mean_y;
        let variances = blurred.get(1) - &squares;
        let covariance = blurred.get(2) - &product;
        ((product * 2.0 + C1) * (covariance * 2.0 + C2)) / ((squares + C1) * (variances + C2))
    }

    /// Blurs the last two axes.
    fn blur(&self, maps: &Tensor) -> Tensor {
        let size = maps.size();
        let [.., h, w] = size.as_slice() else {
            return maps.shallow_clone();
        };
        self.band(*h)
            .matmul(maps)
            .matmul(&self.band(*w).transpose(0, 1))
    }

    /// G of a side: row i holds the weights around column i, cut off at the borders. Shapes: → \[side, side\]
    fn band(&self, side: i64) -> Tensor {
        let mut bands = self.bands.borrow_mut();
        let made = bands.entry(side).or_insert_with(|| {
            let reach = self.weights.len() as i64 / 2;
            let weight = |i: i64, j: i64| {
                self.weights
                    .get((j - i + reach) as usize)
                    .copied()
                    .unwrap_or(0.0)
            };
            let numbers: Vec<f32> = (0..side * side)
                .map(|cell| weight(cell / side, cell % side))
                .collect();
            Tensor::from_slice(&numbers)
                .reshape([side, side])
                .to_device(self.device)
        });
        made.shallow_clone()
    }
}
