//! The attention block: attention, add + norm, MLP, add + norm (paper Eq. 7 and the supplement's glossary).
//!
//! b batch, n tokens (pixels, row by row), c channels, heads.
//!
//! ```text
//! q = W_q (query + E_q)     k = W_k (features + E_k)     v = W_v features        no bias
//! o = W_o softmax(q kᵀ / √(c / heads)) v                                         bias
//! a = LN₁(residual + o)     a = LN₂(a + W₂ GELU(W₁ a))                           biases
//! ```
//!
//! Cross-attention (ConP) asks with the confidence embedding; self-attention (DivP) asks with the features themselves
//! and has one position table.

use tch::Tensor;

use super::{LayerNorm, Linear};
use crate::params::{Init, Scope};
use crate::parts::tally;

/// Standard deviation of a new position table.
const POSITION_DEVIATION: f64 = 0.02;

/// The block's shape.
#[derive(Debug, Clone, Copy)]
pub struct AttentionConfig {
    /// c.
    pub channels: i64,
    /// n: position tables have this many rows.
    pub tokens: i64,
    /// Heads; divides `channels`.
    pub heads: i64,
    /// Whether query and key have a position table each (cross-attention) or share one (self-attention).
    pub cross: bool,
}

/// The attention block. Shapes: \[b, n, c\] → \[b, n, c\]
#[derive(Debug)]
pub struct Attention {
    query_position: Tensor,
    key_position: Option<Tensor>,
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    norm1: LayerNorm,
    mlp1: Linear,
    mlp2: Linear,
    norm2: LayerNorm,
    heads: i64,
}

impl Attention {
    /// Names: `query_position` and `key_position` (or `position`), `query`, `key`, `value`, `out`, `norm1`, `mlp1`,
    /// `mlp2`, `norm2`.
    pub fn new(scope: &Scope, config: AttentionConfig) -> Self {
        let AttentionConfig {
            channels,
            tokens,
            heads,
            cross,
        } = config;
        let table = |name| {
            let init = Init::Normal {
                deviation: POSITION_DEVIATION,
            };
            scope.weight(name, &[tokens, channels], init)
        };
        let projection = |name| Linear::without_bias(&scope.sub(name), channels, channels);
        let linear = |name| Linear::new(&scope.sub(name), channels, channels);
        Self {
            query_position: table(if cross { "query_position" } else { "position" }),
            key_position: cross.then(|| table("key_position")),
            query: projection("query"),
            key: projection("key"),
            value: projection("value"),
            out: linear("out"),
            norm1: LayerNorm::new(&scope.sub("norm1"), channels),
            mlp1: linear("mlp1"),
            mlp2: linear("mlp2"),
            norm2: LayerNorm::new(&scope.sub("norm2"), channels),
            heads,
        }
    }

    /// Self-attention of `features` with themselves as residual.
    pub fn forward_self(&self, features: &Tensor) -> Tensor {
        self.forward(features, features, features)
    }

    /// Attention of `query` over `features`, added to `residual`; all \[b, n, c\].
    pub fn forward(&self, query: &Tensor, features: &Tensor, residual: &Tensor) -> Tensor {
        let key_position = self.key_position.as_ref().unwrap_or(&self.query_position);
        let q = self.split(&self.query.forward(&(query + &self.query_position)));
        let k = self.split(&self.key.forward(&(features + key_position)));
        let v = self.split(&self.value.forward(features));
        let attended = attend(&q, &k, &v);
        // [b, heads, n, c / heads] → [b, n, c]
        let attended = attended.transpose(1, 2).flatten(2, 3);
        let a = self
            .norm1
            .forward(&(residual + self.out.forward(&attended)));
        let mlp = self.mlp2.forward(&self.mlp1.forward(&a).gelu("none"));
        self.norm2.forward(&(a + mlp))
    }

    /// \[b, n, c\] → \[b, heads, n, c / heads\]
    fn split(&self, x: &Tensor) -> Tensor {
        x.unflatten(2, [self.heads, -1]).transpose(1, 2)
    }
}

/// `softmax(q kᵀ / √d) v`, fused: no n × n matrix is kept. Shapes: three \[b, heads, n, d\] → the same
pub(crate) fn attend(q: &Tensor, k: &Tensor, v: &Tensor) -> Tensor {
    // Two products of n² d a head.
    tally(2 * q.numel() * k.size()[2] as usize, q);
    Tensor::scaled_dot_product_attention(q, k, v, None::<&Tensor>, 0.0, false, None, false)
}
