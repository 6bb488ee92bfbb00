//! DivP, the diverging prism: finds every rater's map in the segmentation (paper section 3.3, supplement).
//!
//! b batch, m raters, k structures, c channels of the image where DivP sees it (else 0), s side of the image, R = s / 8
//! (or s / 4) the grid, n = R² tokens, d = 32.
//!
//! Three convolutions, each with stride 2 (the last with 1 for the finer grid), three attention blocks (32, 64, 64 channels, 4 heads), then an attention with one head a
//! rater that is never mixed with the others:
//!
//! ```text
//! o^m = softmax(q^m k^mᵀ / √d) v^m        q, k from t + E, v from t; no bias
//! u^m = LN₁(R^m t + o^m)                  the norms are shared by the raters
//! u^m = LN₂(u^m + W₂^m GELU(W₁^m u^m))    no bias
//! logit^m = W_o^m u^m + b^m               then bilinear to the image's side
//! ```

use mrprism_protocol::spec::{DivpInput, MrPrismNetwork};
use tch::Tensor;

use super::Sizes;
use super::embed::{map, tokens};
use crate::block::{
    Attention, AttentionConfig, ConvConfig, ConvNormRelu, LayerNorm, Linear, Mode, attend,
};
use crate::params::{Init, Scope};
use crate::parts::tally;

/// d: channels of the grid and of one rater's head.
const WIDTH: i64 = 32;
/// Channels of the middle blocks.
const MIDDLE: i64 = 64;
const HEADS: i64 = 4;

/// The network. Shapes: \[b, c + k, s, s\], image before ŷ → logits \[b, m, k, s, s\]
#[derive(Debug)]
pub struct DivP {
    stem: [ConvNormRelu; 3],
    block1: Attention,
    widen: Linear,
    block2: Attention,
    block3: Attention,
    narrow: Linear,
    heads: RaterHeads,
    sizes: Sizes,
    grid: i64,
}

impl DivP {
    /// Names: `stem1` … `stem3`, `block1`, `widen`, `block2`, `block3`, `narrow`, `heads`.
    pub fn new(scope: &Scope, spec: &MrPrismNetwork, sizes: Sizes) -> Self {
        let grid = sizes.side / i64::from(spec.divp_stride);
        let inputs = match spec.divp_input {
            DivpInput::Mask => sizes.structures,
            DivpInput::MaskImage => sizes.channels + sizes.structures,
        };
        let last = if spec.divp_stride == 4 { 1 } else { 2 };
        let stem = |name, inputs, outputs, stride| {
            let config = ConvConfig::same(inputs, outputs, 3, stride);
            ConvNormRelu::new(&scope.sub(name), config)
        };
        let block = |name, channels| {
            let config = AttentionConfig {
                channels,
                tokens: grid * grid,
                heads: HEADS,
                cross: false,
            };
            Attention::new(&scope.sub(name), config)
        };
        Self {
            stem: [
                stem("stem1", inputs, 16, 2),
                stem("stem2", 16, WIDTH, 2),
                stem("stem3", WIDTH, WIDTH, last),
            ],
            block1: block("block1", WIDTH),
            widen: Linear::new(&scope.sub("widen"), WIDTH, MIDDLE),
            block2: block("block2", MIDDLE),
            block3: block("block3", MIDDLE),
            narrow: Linear::new(&scope.sub("narrow"), MIDDLE, WIDTH),
            heads: RaterHeads::new(&scope.sub("heads"), grid * grid, sizes),
            sizes,
            grid,
        }
    }

    /// Applies it.
    pub fn forward(&self, seen: &Tensor, mode: Mode) -> Tensor {
        let [stem1, stem2, stem3] = &self.stem;
        let x = stem3.forward(&stem2.forward(&stem1.forward(seen, mode), mode), mode);
        let t = self.block1.forward_self(&tokens(&x));
        let t = self.block2.forward_self(&self.widen.forward(&t));
        let t = self.narrow.forward(&self.block3.forward_self(&t));
        // Losses work map by map: channels are made the slowest axis while the maps are small.
        let logits = map(&self.heads.forward(&t), self.grid).contiguous();
        let Sizes {
            raters,
            structures,
            side,
            ..
        } = self.sizes;
        logits
            .upsample_bilinear2d([side, side], false, None, None)
            .unflatten(1, [raters, structures])
    }
}

/// The last attention, one head a rater. Shapes: \[b, n, d\] → \[b, n, m·k\]
#[derive(Debug)]
struct RaterHeads {
    position: Tensor,
    query: Linear,
    key: Linear,
    value: Linear,
    residual: Tensor,
    residual_bias: Tensor,
    norm1: LayerNorm,
    mlp1: Tensor,
    mlp2: Tensor,
    norm2: LayerNorm,
    out: Tensor,
    out_bias: Tensor,
    raters: i64,
}

impl RaterHeads {
    fn new(scope: &Scope, tokens: i64, sizes: Sizes) -> Self {
        let Sizes {
            raters, structures, ..
        } = sizes;
        let init = Init::Uniform { fan_in: WIDTH };
        let projection = |name| Linear::without_bias(&scope.sub(name), WIDTH, raters * WIDTH);
        // One matrix a rater, [m, inputs, outputs].
        let matrices = |name, outputs| scope.weight(name, &[raters, WIDTH, outputs], init);
        // One bias a rater, [m, 1, outputs].
        let biases = |name, outputs| scope.weight(name, &[raters, 1, outputs], init);
        Self {
            position: scope.weight(
                "position",
                &[tokens, WIDTH],
                Init::Normal { deviation: 0.02 },
            ),
            query: projection("query"),
            key: projection("key"),
            value: projection("value"),
            residual: matrices("residual", WIDTH),
            residual_bias: biases("residual_bias", WIDTH),
            norm1: LayerNorm::new(&scope.sub("norm1"), WIDTH),
            mlp1: matrices("mlp1", WIDTH),
            mlp2: matrices("mlp2", WIDTH),
            norm2: LayerNorm::new(&scope.sub("norm2"), WIDTH),
            out: matrices("out", structures),
            out_bias: biases("out_bias", structures),
            raters,
        }
    }

    fn forward(&self, t: &Tensor) -> Tensor {
        let asking = t + &self.position;
        let q = self.split(&self.query.forward(&asking));
        let k = self.split(&self.key.forward(&asking));
        let v = self.split(&self.value.forward(t));
        // o, u: [b, m, n, d]
        let o = attend(&q, &k, &v);
        // R, W₁, W₂ and W_o.
        let outputs = 3 * WIDTH + self.out.size()[2];
        tally(o.numel() * outputs as usize, t);
        let residual = t.unsqueeze(1).matmul(&self.residual) + &self.residual_bias;
        let u = self.norm1.forward(&(residual + o));
        let mlp = u.matmul(&self.mlp1).gelu("none").matmul(&self.mlp2);
        let u = self.norm2.forward(&(u + mlp));
        let logits = u.matmul(&self.out) + &self.out_bias;
        // [b, m, n, k] → [b, n, m, k] → [b, n, m·k]
        logits.transpose(1, 2).flatten(2, 3)
    }

    /// \[b, n, m·d\] → \[b, m, n, d\]
    fn split(&self, x: &Tensor) -> Tensor {
        x.unflatten(2, [self.raters, WIDTH]).transpose(1, 2)
    }
}
