//! One step of a convolutional LSTM (Shi et al. 2015), the paper's second alternative to attention (Table 4).
//!
//! b batch, c channels, R side of the grid; ⊙ is element-wise.
//!
//! ```text
//! i, f, o, g = Conv3x3([x ; h])                     4c channels in this order, bias
//! c' = σ(f) ⊙ c + σ(i) ⊙ tanh(g)
//! h' = σ(o) ⊙ tanh(c')
//! ```

use tch::Tensor;

use super::{Conv, ConvConfig};
use crate::params::Scope;

/// The cell. Shapes: three \[b, c, R, R\] → \[b, c, R, R\]
#[derive(Debug)]
pub struct ConvLstm {
    gates: Conv,
}

impl ConvLstm {
    /// Names: `gates`.
    pub fn new(scope: &Scope, channels: i64) -> Self {
        let config = ConvConfig {
            bias: true,
            ..ConvConfig::same(2 * channels, 4 * channels, 3, 1)
        };
        Self {
            gates: Conv::new(&scope.sub("gates"), config),
        }
    }

    /// h' after one step with `input`, from the hidden state h and the cell state c.
    pub fn forward(&self, input: &Tensor, hidden: &Tensor, cell: &Tensor) -> Tensor {
        let gates = self.gates.forward(&Tensor::cat(&[input, hidden], 1));
        let parts = gates.chunk(4, 1);
        let [i, f, o, g] = [0, 1, 2, 3].map(|part| &parts[part]);
        let kept = f.sigmoid() * cell + i.sigmoid() * g.tanh();
        o.sigmoid() * kept.tanh()
    }
}
