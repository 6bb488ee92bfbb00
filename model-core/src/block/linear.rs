//! A linear map of the last axis.

use tch::Tensor;

use crate::params::{Init, Scope};
use crate::parts::tally;

/// y = x Wᵀ (+ b). Shapes: \[…, inputs\] → \[…, outputs\]
#[derive(Debug)]
pub struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// With a bias.
    pub fn new(scope: &Scope, inputs: i64, outputs: i64) -> Self {
        let init = Init::Uniform { fan_in: inputs };
        Self {
            bias: Some(scope.weight("bias", &[outputs], init)),
            ..Self::without_bias(scope, inputs, outputs)
        }
    }

    /// Without a bias.
    pub fn without_bias(scope: &Scope, inputs: i64, outputs: i64) -> Self {
        let init = Init::Uniform { fan_in: inputs };
        Self {
            weight: scope.weight("weight", &[outputs, inputs], init),
            bias: None,
        }
    }

    /// Applies it.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        tally(x.numel() * self.weight.size()[0] as usize, x);
        x.linear(&self.weight, self.bias.as_ref())
    }
}
