//! DivP of variant `code`: four stages on the grid s/4, each asking itself; the last has one head a rater, mixed afterwards by
//! its output projection and MLP.
//!
//! b batch, m raters, k structures, c channels seen, s side.
//!
//! ```text
//! x = mean of 3x3 at stride 4 of [image ; y]                                    s/4, c channels
//! x ← Stage(x, x): c → 16, 16 → 16, 16 → 16 (4 heads), 16 → m·k (m heads)
//! logits = bilinear ×4 of x, channel m·k as (rater, structure)
//! ```
//!
//! `network.divp_tied` uses the second stage's weights for the third too, as published (docs/model.md, D7).

use mrprism_protocol::spec::{DivpInput, MrPrismNetwork};
use tch::Tensor;

use super::stage::{Onto, Stage, StageShape};
use crate::draw::Random;
use crate::network::Sizes;
use crate::params::Scope;

/// Channels of the first three stages, and their heads.
const WIDTH: i64 = 16;
const HEADS: i64 = 4;

/// The network. Shapes: \[b, c, s, s\] → logits \[b, m, k, s, s\]
#[derive(Debug)]
pub(in crate::network::mrprism) struct DivP {
    first: Stage,
    second: Stage,
    third: Option<Stage>,
    last: Stage,
    sizes: Sizes,
}

impl DivP {
    /// Names: `stage1` … `stage4`; no `stage3` where it is tied.
    pub(in crate::network::mrprism) fn new(
        scope: &Scope,
        spec: &MrPrismNetwork,
        sizes: Sizes,
    ) -> Self {
        let seen = match spec.divp_input {
            DivpInput::Mask => sizes.structures,
            DivpInput::MaskImage => sizes.channels + sizes.structures,
        };
        let stage = |name, inputs, channels, heads| {
            let shape = StageShape {
                inputs,
                channels,
                heads,
                grid: sizes.side / 4,
            };
            Stage::new(&scope.sub(name), shape)
        };
        let outputs = sizes.raters * sizes.structures;
        Self {
            first: stage("stage1", seen, WIDTH, HEADS),
            second: stage("stage2", WIDTH, WIDTH, HEADS),
            third: (!spec.divp_tied).then(|| stage("stage3", WIDTH, WIDTH, HEADS)),
            last: stage("stage4", WIDTH, outputs, sizes.raters),
            sizes,
        }
    }

    /// Applies it; `drops` as for a stage.
    pub(in crate::network::mrprism) fn forward(
        &self,
        seen: &Tensor,
        drops: Option<Random>,
    ) -> Tensor {
        // 3x3 at stride 4 without zeros: s/4, as (s − 3)/4 + 1 is.
        let mut x = seen.avg_pool2d([3, 3], [4, 4], [0, 0], false, true, None);
        let third = self.third.as_ref().unwrap_or(&self.second);
        for (number, stage) in (0..).zip([&self.first, &self.second, third, &self.last]) {
            let drops = drops.map(|random| random.child(number));
            x = stage.forward(&x, &x, Onto::Asking, drops);
        }
        let Sizes {
            raters,
            structures,
            side,
            ..
        } = self.sizes;
        x.contiguous()
            .upsample_bilinear2d([side, side], false, None, None)
            .unflatten(1, [raters, structures])
    }
}
