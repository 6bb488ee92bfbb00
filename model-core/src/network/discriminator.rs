//! A patch discriminator: says of every patch of a map whether it comes from the source (Isola et al., CVPR 2017; as pOSAL
//! and BEAL use it).
//!
//! ```text
//! 4x4 convolutions, stride 2, zeros 1: c → w → 2w → 4w → 8w → 1, LeakyReLU 0.2 between        s → s/32, log odds
//! ```

use tch::Tensor;

use crate::block::{Conv, ConvConfig};
use crate::params::Scope;

/// Slope of the negative side.
const LEAK: f64 = 0.2;

/// Five convolutions.
#[derive(Debug)]
pub struct Discriminator {
    layers: [Conv; 5],
}

impl Discriminator {
    /// For maps of `channels`, `width` channels after the first convolution (64 in the originals). Names: `conv1` … `conv5`.
    pub fn new(scope: &Scope, channels: i64, width: i64) -> Self {
        let sizes = [channels, width, 2 * width, 4 * width, 8 * width, 1];
        Self {
            layers: std::array::from_fn(|at| {
                let config = ConvConfig {
                    inputs: sizes[at],
                    outputs: sizes[at + 1],
                    kernel: 4,
                    stride: 2,
                    padding: 1,
                    groups: 1,
                    bias: true,
                };
                Conv::new(&scope.sub(format!("conv{}", at + 1)), config)
            }),
        }
    }

    /// Log odds that a patch comes from the source. Shapes: \[b, channels, s, s\] → \[b, 1, s/32, s/32\]
    pub fn forward(&self, maps: &Tensor) -> Tensor {
        let [first, between @ .., last] = &self.layers;
        let leaky = |x: &Tensor| x.maximum(&(x * LEAK));
        let x = between
            .iter()
            .fold(leaky(&first.forward(maps)), |x, layer| {
                leaky(&layer.forward(&x))
            });
        last.forward(&x)
    }
}
