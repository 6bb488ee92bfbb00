//! D-Persona's projection heads: each rater chooses among latent vectors by what the image's features say.
//!
//! b batch, s side, w encoder width, n vectors of l axes.
//!
//! ```text
//! e_m = mean over pixels of Conv1x1(CBR3x3(mean of 2x2(CBR3x3(fea → w)) → w) → l)
//! z_m = softmax over the bank(e_m · z) · z
//! ```

use mrprism_protocol::spec::Backbone;
use tch::{Kind, Tensor};

use crate::block::{Conv, ConvConfig, ConvNormRelu, Mode};
use crate::params::Scope;

/// One small network a rater.
#[derive(Debug)]
pub struct Experts {
    heads: Vec<(ConvNormRelu, ConvNormRelu, Conv)>,
}

impl Experts {
    /// Names: `1` … for the raters, each with `fine`, `coarse`, `last`.
    pub fn new(scope: &Scope, spec: &Backbone, raters: i64, latent: i64) -> Self {
        let width = i64::from(spec.encoder_width);
        let head = |rater| {
            let scope = scope.sub(rater);
            let block = |name, inputs| {
                ConvNormRelu::new(&scope.sub(name), ConvConfig::same(inputs, width, 3, 1))
            };
            let last = ConvConfig {
                bias: true,
                ..ConvConfig::same(width, latent, 1, 1)
            };
            (
                block("fine", 4 * width),
                block("coarse", width),
                Conv::new(&scope.sub("last"), last),
            )
        };
        Self {
            heads: (1..=raters).map(head).collect(),
        }
    }

    /// The vector that each rater chooses. Shapes: fea \[b, 4w, s/2, s/2\], bank \[b, n, l\] → m of \[b, l\]
    pub fn choose(&self, features: &Tensor, bank: &Tensor, mode: Mode) -> Vec<Tensor> {
        let asked = self.heads.iter().map(|(fine, coarse, last)| {
            let x = fine.forward(features, mode);
            let halved = x.avg_pool2d([2, 2], [2, 2], [0, 0], false, true, None);
            let x = last.forward(&coarse.forward(&halved, mode));
            x.mean_dim([2_i64, 3].as_slice(), false, None::<Kind>)
        });
        asked.map(|asked| chosen(&asked, bank)).collect()
    }
}

/// Shapes: asked \[b, l\], bank \[b, n, l\] → \[b, l\]
pub fn chosen(asked: &Tensor, bank: &Tensor) -> Tensor {
    let near = bank.matmul(&asked.unsqueeze(-1)).softmax(1, None::<Kind>);
    (bank * near).sum_dim_intlist(1, false, None::<Kind>)
}
