//! ConP of variant `code`: the backbone's decoder with a stage after each block, which the confidences ask.
//!
//! b batch, m raters, k structures, s side, w encoder width; blocks on grids s/16, s/8, s/4, s/2, all 4w wide.
//!
//! ```text
//! r = BN(ReLU([Deconv(prev → 2w) ; Conv1x1(skip → 2w)]))                           skips: f4, f3, f2, f1
//! g = DW(PW(w)),  PW = Conv1x1(m·k → 4w) at s,  DW = Conv3x3 with stride s/R, zeros 1, groups 2w
//! prev ← Stage(asking g, asked r)                                                  8, 4, 2, 1 heads
//! y = Deconv(prev → k)                                                             logits at s
//! ```
//!
//! At stride 16 a 3x3 kernel sees 9 of every 256 confidences: so it is published (docs/model.md, D11).

use mrprism_protocol::spec::{MrPrismNetwork, Residual};
use tch::Tensor;

use super::stage::{Onto, Stage, StageShape};
use crate::block::{Conv, ConvConfig, Deconv, Mode, ResNet, Taps};
use crate::draw::Random;
use crate::network::Sizes;
use crate::network::unet::Block;
use crate::params::Scope;

/// The network. Shapes: taps and confidences \[b, m, k, s, s\] → logits \[b, k, s, s\]
#[derive(Debug)]
pub(in crate::network::mrprism) struct ConP {
    blocks: Vec<(Block, Asking, Stage)>,
    head: Deconv,
    onto: Onto,
}

/// g of one grid. Shapes: \[b, m·k, s, s\] → \[b, 4w, R, R\]
#[derive(Debug)]
struct Asking {
    pointwise: Conv,
    depthwise: Conv,
}

impl Asking {
    fn new(scope: &Scope, maps: i64, width: i64, stride: i64) -> Self {
        let pointwise = ConvConfig {
            bias: true,
            ..ConvConfig::same(maps, 4 * width, 1, 1)
        };
        let depthwise = ConvConfig {
            groups: 2 * width,
            bias: true,
            ..ConvConfig::same(4 * width, 4 * width, 3, stride)
        };
        Self {
            pointwise: Conv::new(&scope.sub("pointwise"), pointwise),
            depthwise: Conv::new(&scope.sub("depthwise"), depthwise),
        }
    }

    fn forward(&self, maps: &Tensor) -> Tensor {
        self.depthwise.forward(&self.pointwise.forward(maps))
    }
}

impl ConP {
    /// Names: `up1` … `up4`, `asking1` …, `stage1` …, `head`.
    pub(in crate::network::mrprism) fn new(
        scope: &Scope,
        spec: &MrPrismNetwork,
        sizes: Sizes,
    ) -> Self {
        let width = i64::from(spec.encoder_width);
        let [f2, f3, f4, f5] = ResNet::channels(spec.encoder_depth, width);
        let (inputs, skips) = ([f5, 4 * width, 4 * width, 4 * width], [f4, f3, f2, width]);
        let maps = sizes.raters * sizes.structures;
        let block = |at: usize| {
            let (number, stride) = (at + 1, 16 >> at);
            let shape = StageShape {
                inputs: 4 * width,
                channels: 4 * width,
                heads: 8 >> at,
                grid: sizes.side / stride,
            };
            (
                Block::new(
                    &scope.sub(format!("up{number}")),
                    inputs[at],
                    skips[at],
                    2 * width,
                ),
                Asking::new(&scope.sub(format!("asking{number}")), maps, width, stride),
                Stage::new(&scope.sub(format!("stage{number}")), shape),
            )
        };
        Self {
            blocks: (0..4).map(block).collect(),
            head: Deconv::new(&scope.sub("head"), 4 * width, sizes.structures),
            onto: match spec.residual {
                Residual::Query => Onto::Asking,
                Residual::Value => Onto::Asked,
            },
        }
    }

    /// Applies it; `drops` as for a stage.
    pub(in crate::network::mrprism) fn forward(
        &self,
        taps: &Taps,
        confidences: &Tensor,
        mode: Mode,
        drops: Option<Random>,
    ) -> Tensor {
        let maps = confidences.flatten(1, 2);
        let [f2, f3, f4, f5] = &taps.features.0;
        let skips = [f4, f3, f2, &taps.stem];
        let mut x = f5.shallow_clone();
        for (number, ((block, asking, stage), skip)) in (0..).zip(self.blocks.iter().zip(skips)) {
            let r = block.forward(&x, skip, mode);
            let drops = drops.map(|random| random.child(number));
            x = stage.forward(&asking.forward(&maps), &r, self.onto, drops);
        }
        self.head.forward(&x)
    }
}
