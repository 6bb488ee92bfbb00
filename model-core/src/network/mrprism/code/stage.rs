//! The stage of variant `code`: two maps are embedded, one asks the other, and an MLP follows; norms come before.
//!
//! b batch, R grid, N = R² tokens (pixels, row by row), C channels, h heads.
//!
//! ```text
//! embed(x) = LN(Linear(DW3x3(x)))                          own convolution and linear map, one LN for both; no bias
//! g, r = embed(asking), embed(asked)
//! q = L_q LN_q(g + E_q)    k = L_k LN_k(r + E_k)    v = L_v LN_v(r)        no bias; E: \[N, C/h\], the same for all heads
//! g ← residual + DropPath(W_o softmax(q kᵀ / √(C/h)) v)                    residual: g, or r
//! g ← g + DropPath(W₂ GELU(W₁ LN g))                                       C → C/2 → C
//! ```
//!
//! The original sorts tokens patch by patch before it attends over all of them: an order that only permutes its learned
//! tables. A `DropPath` leaves a case's branch out with probability 0.05 while training and scales what stays.

use tch::{Kind, Tensor};

use crate::block::{Conv, ConvConfig, LayerNorm, Linear, attend};
use crate::draw::Random;
use crate::network::mrprism::embed::{map, tokens};
use crate::params::{Init, Scope};

/// Probability that a case's branch is left out.
const DROP: f64 = 0.05;

/// A stage's shape.
#[derive(Debug, Clone, Copy)]
pub(super) struct StageShape {
    /// Channels of what it is given.
    pub(super) inputs: i64,
    /// C, a multiple of `heads`.
    pub(super) channels: i64,
    /// h.
    pub(super) heads: i64,
    /// R.
    pub(super) grid: i64,
}

/// What a stage adds its attention to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Onto {
    /// What asks.
    Asking,
    /// What is asked.
    Asked,
}

/// Embeds a map. Shapes: \[b, inputs, R, R\] → \[b, N, C\], before the norm
#[derive(Debug)]
struct Embed {
    depthwise: Conv,
    linear: Linear,
}

impl Embed {
    fn new(scope: &Scope, shape: StageShape) -> Self {
        let depthwise = ConvConfig {
            groups: shape.inputs,
            bias: true,
            ..ConvConfig::same(shape.inputs, shape.inputs, 3, 1)
        };
        Self {
            depthwise: Conv::new(&scope.sub("depthwise"), depthwise),
            linear: Linear::without_bias(&scope.sub("linear"), shape.inputs, shape.channels),
        }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        self.linear.forward(&tokens(&self.depthwise.forward(x)))
    }
}

/// The stage.
#[derive(Debug)]
pub(super) struct Stage {
    asking: Embed,
    asked: Embed,
    norm: LayerNorm,
    query_position: Tensor,
    key_position: Tensor,
    norms: [LayerNorm; 3],
    projections: [Linear; 3],
    out: Linear,
    mlp_norm: LayerNorm,
    mlp1: Linear,
    mlp2: Linear,
    shape: StageShape,
}

impl Stage {
    /// Names: `asking`, `asked`, `norm`, `query_position`, `key_position`, `norm_query` …, `query` …, `out`, `mlp_norm`, `mlp1`,
    /// `mlp2`.
    pub(super) fn new(scope: &Scope, shape: StageShape) -> Self {
        let StageShape {
            channels,
            heads,
            grid,
            ..
        } = shape;
        let table = |name| {
            let init = Init::Normal { deviation: 0.02 };
            scope.weight(name, &[grid * grid, channels / heads], init)
        };
        let names = ["query", "key", "value"];
        let inner = (channels / 2).max(1);
        Self {
            asking: Embed::new(&scope.sub("asking"), shape),
            asked: Embed::new(&scope.sub("asked"), shape),
            norm: LayerNorm::new(&scope.sub("norm"), channels),
            query_position: table("query_position"),
            key_position: table("key_position"),
            norms: names.map(|name| LayerNorm::new(&scope.sub(format!("norm_{name}")), channels)),
            projections: names
                .map(|name| Linear::without_bias(&scope.sub(name), channels, channels)),
            out: Linear::new(&scope.sub("out"), channels, channels),
            mlp_norm: LayerNorm::new(&scope.sub("mlp_norm"), channels),
            mlp1: Linear::new(&scope.sub("mlp1"), channels, inner),
            mlp2: Linear::new(&scope.sub("mlp2"), inner, channels),
            shape,
        }
    }

    /// `drops` draws what is left out while training; none leaves nothing out.
    /// Shapes: two \[b, inputs, R, R\] → \[b, C, R, R\]
    pub(super) fn forward(
        &self,
        asking: &Tensor,
        asked: &Tensor,
        onto: Onto,
        drops: Option<Random>,
    ) -> Tensor {
        let g = self.norm.forward(&self.asking.forward(asking));
        let r = self.norm.forward(&self.asked.forward(asked));
        let [norm_q, norm_k, norm_v] = &self.norms;
        let [to_q, to_k, to_v] = &self.projections;
        let at = |table: &Tensor| table.repeat([1, self.shape.heads]);
        let q = to_q.forward(&norm_q.forward(&(&g + at(&self.query_position))));
        let k = to_k.forward(&norm_k.forward(&(&r + at(&self.key_position))));
        let v = to_v.forward(&norm_v.forward(&r));
        let attended = attend(&self.split(&q), &self.split(&k), &self.split(&v));
        let attended = self.out.forward(&attended.transpose(1, 2).flatten(2, 3));
        let residual = match onto {
            Onto::Asking => &g,
            Onto::Asked => &r,
        };
        let x = residual + dropped(attended, drops.map(|random| random.child(0)));
        let mlp = self.mlp1.forward(&self.mlp_norm.forward(&x)).gelu("none");
        let mlp = dropped(self.mlp2.forward(&mlp), drops.map(|random| random.child(1)));
        map(&(x + mlp), self.shape.grid)
    }

    /// \[b, N, C\] → \[b, h, N, C/h\]
    fn split(&self, x: &Tensor) -> Tensor {
        x.unflatten(2, [self.shape.heads, -1]).transpose(1, 2)
    }
}

/// A branch with some cases left out. Shapes: \[b, N, C\] → the same
fn dropped(branch: Tensor, drops: Option<Random>) -> Tensor {
    let Some(random) = drops else {
        return branch;
    };
    let cases = branch.size()[0];
    let stays = random.uniforms(cases, branch.device()).ge(DROP);
    let scale = stays.to_kind(Kind::Float) / (1.0 - DROP);
    branch * scale.reshape([-1, 1, 1])
}
