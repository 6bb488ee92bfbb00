//! Deconvolution that doubles the side.

use tch::Tensor;

use crate::params::{Init, Scope};
use crate::parts::tally;

/// Transposed 2x2 convolution with stride 2 and bias. Shapes: \[b, inputs, h, w\] → \[b, outputs, 2h, 2w\]
#[derive(Debug)]
pub struct Deconv {
    weight: Tensor,
    bias: Tensor,
}

impl Deconv {
    /// With PyTorch's default initialisation, whose fan for transposed kernels counts the outputs.
    pub fn new(scope: &Scope, inputs: i64, outputs: i64) -> Self {
        let init = Init::Uniform {
            fan_in: outputs * 4,
        };
        Self {
            weight: scope.weight("weight", &[inputs, outputs, 2, 2], init),
            bias: scope.weight("bias", &[outputs], init),
        }
    }

    /// Applies it.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        tally(x.numel() * self.bias.numel() * 4, x);
        x.conv_transpose2d(
            &self.weight,
            Some(&self.bias),
            [2, 2],
            [0, 0],
            [0, 0],
            1,
            [1, 1],
        )
    }
}
