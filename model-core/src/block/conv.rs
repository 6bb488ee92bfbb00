//! Convolutions, and the convolution + batch norm + `ReLU` of which much is made.

use tch::Tensor;

use super::{BatchNorm, Mode};
use crate::params::{Init, Scope};
use crate::parts::tally;

/// A convolution's shape. Every field is stated where it is built.
#[derive(Debug, Clone, Copy)]
pub struct ConvConfig {
    /// Channels in.
    pub inputs: i64,
    /// Channels out.
    pub outputs: i64,
    /// Side of the kernel.
    pub kernel: i64,
    /// Step.
    pub stride: i64,
    /// Zeros around the input.
    pub padding: i64,
    /// Groups of channels; `inputs` for a depth-wise convolution.
    pub groups: i64,
    /// Whether a bias is added.
    pub bias: bool,
}

impl ConvConfig {
    /// A square kernel over all channels that keeps the side at stride 1, without bias (a batch norm follows).
    pub const fn same(inputs: i64, outputs: i64, kernel: i64, stride: i64) -> Self {
        Self {
            inputs,
            outputs,
            kernel,
            stride,
            padding: kernel / 2,
            groups: 1,
            bias: false,
        }
    }
}

/// A convolution. Shapes: \[b, inputs, h, w\] → \[b, outputs, h/stride, w/stride\]
#[derive(Debug)]
pub struct Conv {
    weight: Tensor,
    bias: Option<Tensor>,
    config: ConvConfig,
}

impl Conv {
    /// With PyTorch's default initialisation.
    pub fn new(scope: &Scope, config: ConvConfig) -> Self {
        let fan_in = config.inputs / config.groups * config.kernel * config.kernel;
        Self::with_init(scope, config, Init::Uniform { fan_in })
    }

    /// With Kaiming's normal initialisation over the outputs, as in a ResNet.
    pub fn kaiming(scope: &Scope, config: ConvConfig) -> Self {
        let fan_out = config.outputs * config.kernel * config.kernel;
        Self::with_init(scope, config, Init::Kaiming { fan_out })
    }

    fn with_init(scope: &Scope, config: ConvConfig, init: Init) -> Self {
        let fan_in = config.inputs / config.groups;
        let shape = [config.outputs, fan_in, config.kernel, config.kernel];
        let bias_init = Init::Uniform {
            fan_in: fan_in * config.kernel * config.kernel,
        };
        Self {
            weight: scope.weight("weight", &shape, init),
            bias: config
                .bias
                .then(|| scope.weight("bias", &[config.outputs], bias_init)),
            config,
        }
    }

    /// Applies it.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        self.apply(x, &self.weight, self.bias.as_ref())
    }

    /// Applies other numbers with this convolution's stride and padding, ungrouped or in its groups as their shape says.
    pub(super) fn apply(&self, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
        let ConvConfig {
            stride, padding, ..
        } = self.config;
        let (step, zeros) = ([stride, stride], [padding, padding]);
        let (of_output, groups) = (
            weight.size()[1..].iter().product::<i64>(),
            x.size()[1] / weight.size()[1],
        );
        let y = x.conv2d(weight, bias, step, zeros, [1, 1], groups);
        tally(y.numel() * of_output as usize, x);
        y
    }

    /// \[outputs, inputs / groups, kernel, kernel\]
    pub(super) fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// \[outputs\], where there is one.
    pub(super) fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }
}

/// Convolution without bias, batch norm, `ReLU`.
#[derive(Debug)]
pub struct ConvNormRelu {
    conv: Conv,
    norm: BatchNorm,
}

impl ConvNormRelu {
    /// Names: `conv`, `norm`.
    pub fn new(scope: &Scope, config: ConvConfig) -> Self {
        Self {
            conv: Conv::new(&scope.sub("conv"), config),
            norm: BatchNorm::new(&scope.sub("norm"), config.outputs),
        }
    }

    /// Applies it.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        self.norm.forward(&self.conv.forward(x), mode).relu()
    }
}

/// The same numbers with channels as the fastest axis in memory, which convolutions keep: what comes out lies as attention
/// wants its tokens.
pub(crate) fn channels_last(x: &Tensor) -> Tensor {
    x.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2])
}
