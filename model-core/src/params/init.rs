//! Initial weights: PyTorch's distributions, our numbers.

use tch::{Device, Kind, Tensor};

use crate::draw::Random;

/// How a new weight is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// One value everywhere.
    Constant(f64),
    /// Square matrices in the last two axes, alike: one value on their diagonals, one beside them.
    Diagonal {
        /// Where row and column agree.
        on: f64,
        /// Elsewhere.
        off: f64,
    },
    /// Uniform between −1/√`fan_in` and 1/√`fan_in`: what PyTorch gives convolutions and linear maps, weights and
    /// biases alike (its Kaiming uniform with a = √5 comes to this).
    Uniform {
        /// Inputs one output sums over.
        fan_in: i64,
    },
    /// Normal with standard deviation √(2 / `fan_out`): Kaiming's for `ReLU`, as torchvision initialises a ResNet.
    Kaiming {
        /// Outputs one input reaches.
        fan_out: i64,
    },
    /// Normal with this standard deviation: position tables (0.02). PyTorch's truncated normal cuts at ±2, here a
    /// hundred deviations away, which cuts nothing.
    Normal {
        /// Standard deviation.
        deviation: f64,
    },
}

impl Init {
    /// A tensor of `shape`, f32, drawn from `random`.
    pub fn fill(self, random: Random, shape: &[i64], device: Device) -> Tensor {
        match self {
            Self::Constant(value) => Tensor::full(shape, value, (Kind::Float, device)),
            Self::Diagonal { on, off } => {
                let side = shape.last().copied().unwrap_or(1);
                let eye = Tensor::eye(side, (Kind::Float, device));
                (eye * (on - off) + off).expand(shape, false).contiguous()
            }
            Self::Uniform { fan_in } => {
                let bound = 1.0 / (fan_in as f64).sqrt();
                let unit = random.uniforms(shape.iter().product(), device);
                ((unit * 2.0 - 1.0) * bound)
                    .to_kind(Kind::Float)
                    .reshape(shape)
            }
            Self::Kaiming { fan_out } => {
                random.normals(shape, device) * (2.0 / fan_out as f64).sqrt()
            }
            Self::Normal { deviation } => random.normals(shape, device) * deviation,
        }
    }
}
