//! Batch norm and layer norm, with PyTorch's constants (ε = 1e-5, momentum 0.1).

use tch::Tensor;

use super::Mode;
use crate::params::{Init, Scope};

const EPSILON: f64 = 1e-5;
const MOMENTUM: f64 = 0.1;

/// Batch norm over \[b, channels, h, w\]. PyTorch's `num_batches_tracked` is absent: with a momentum nothing reads it.
#[derive(Debug)]
pub struct BatchNorm {
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
}

impl BatchNorm {
    /// Scale 1, shift 0, running mean 0 and variance 1.
    pub fn new(scope: &Scope, channels: i64) -> Self {
        Self {
            weight: scope.weight("weight", &[channels], Init::Constant(1.0)),
            bias: scope.weight("bias", &[channels], Init::Constant(0.0)),
            running_mean: scope.buffer("running_mean", &[channels], 0.0),
            running_var: scope.buffer("running_var", &[channels], 1.0),
        }
    }

    /// Applies it; in training the running statistics move by the momentum.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        x.batch_norm(
            Some(&self.weight),
            Some(&self.bias),
            Some(&self.running_mean),
            Some(&self.running_var),
            mode == Mode::Train,
            MOMENTUM,
            EPSILON,
            true,
        )
    }
}

/// Layer norm over the last axis.
#[derive(Debug)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    width: i64,
}

impl LayerNorm {
    /// Scale 1, shift 0.
    pub fn new(scope: &Scope, width: i64) -> Self {
        Self {
            weight: scope.weight("weight", &[width], Init::Constant(1.0)),
            bias: scope.weight("bias", &[width], Init::Constant(0.0)),
            width,
        }
    }

    /// Applies it.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.layer_norm(
            [self.width],
            Some(&self.weight),
            Some(&self.bias),
            EPSILON,
            true,
        )
    }
}
