//! AG-Net's decoder on the shared encoder: skips pass through attention guided filters, and four scales have an
//! output of their own.
//!
//! s side, w encoder width, d = 2w; x is the block's input on a grid of side r, skip the encoder's map of side 2r.
//!
//! ```text
//! k = Conv1x1(skip → d),  k' = k on the coarse grid,  o = Conv1x1(x → d)
//! a = σ(Conv1x1(ReLU(Conv1x1(k') + Conv1x1(o)) → 1))
//! x ← BN(ReLU([Deconv(x → d) ; guided(k', o, a, k)]))                                  skips: f4, f3, f2, f1
//! side outputs: up(Conv1x1(x → K)) of the last three blocks, Deconv(x → K) of the last                at s/8, s/4, s/2, s
//! ```
//!
//! The original has an M-Net encoder of four image scales; the comparison shares one encoder.

use mrprism_protocol::spec::Backbone;
use tch::Tensor;

use super::guided::guided;
use crate::block::{BatchNorm, Conv, ConvConfig, Deconv, Mode, ResNet};
use crate::params::Scope;

/// Encoder, four blocks, four outputs.
#[derive(Debug)]
pub struct Agnet {
    encoder: ResNet,
    blocks: [Block; 4],
    /// Of the last three blocks.
    sides: [Conv; 3],
    head: Deconv,
}

impl Agnet {
    /// Names: `encoder`, `up1` … `up4`, `side2` … `side4`, `head`.
    pub fn new(scope: &Scope, spec: &Backbone, channels: i64, structures: i64) -> Self {
        let (depth, width) = (spec.encoder_depth, i64::from(spec.encoder_width));
        let [f2, f3, f4, f5] = ResNet::channels(depth, width);
        let half = 2 * width;
        let (inputs, skips) = ([f5, 2 * half, 2 * half, 2 * half], [f4, f3, f2, width]);
        Self {
            encoder: ResNet::new(&scope.sub("encoder"), depth, channels, width),
            blocks: std::array::from_fn(|at| {
                let scope = scope.sub(format!("up{}", at + 1));
                Block::new(&scope, inputs[at], skips[at], half)
            }),
            sides: std::array::from_fn(|at| {
                let scope = scope.sub(format!("side{}", at + 2));
                Conv::new(&scope, pointwise(2 * half, structures))
            }),
            head: Deconv::new(&scope.sub("head"), 2 * half, structures),
        }
    }

    /// The four side outputs as logits, coarse first. Shapes: images \[b, c, s, s\] → four \[b, k, s, s\]
    pub fn forward(&self, images: &Tensor, mode: Mode) -> Vec<Tensor> {
        let side = images.size()[3];
        let (stem, taps) = self.encoder.forward_with_stem(images, mode);
        let [f2, f3, f4, f5] = &taps.0;
        let skips = [f4, f3, f2, &stem];
        let mut x = f5.shallow_clone();
        let mut outputs = Vec::new();
        for (at, (block, skip)) in self.blocks.iter().zip(skips).enumerate() {
            x = block.forward(&x, skip, mode);
            if at > 0 {
                let logits = self.sides[at - 1].forward(&x);
                outputs.push(logits.upsample_bilinear2d([side, side], false, None, None));
            }
        }
        outputs.push(self.head.forward(&x));
        outputs
    }
}

/// With a bias.
const fn pointwise(inputs: i64, outputs: i64) -> ConvConfig {
    ConvConfig {
        bias: true,
        ..ConvConfig::same(inputs, outputs, 1, 1)
    }
}

#[derive(Debug)]
struct Block {
    skip: Conv,
    input: Conv,
    of_guide: Conv,
    of_input: Conv,
    gate: Conv,
    up: Deconv,
    norm: BatchNorm,
}

impl Block {
    fn new(scope: &Scope, inputs: i64, skip: i64, half: i64) -> Self {
        let conv =
            |name: &str, inputs, outputs| Conv::new(&scope.sub(name), pointwise(inputs, outputs));
        Self {
            skip: conv("skip", skip, half),
            input: conv("input", inputs, half),
            of_guide: conv("of_guide", half, half),
            of_input: conv("of_input", half, half),
            gate: conv("gate", half, 1),
            up: Deconv::new(&scope.sub("up"), inputs, half),
            norm: BatchNorm::new(&scope.sub("norm"), 2 * half),
        }
    }

    fn forward(&self, x: &Tensor, skip: &Tensor, mode: Mode) -> Tensor {
        let fine = self.skip.forward(skip);
        let guide = fine.avg_pool2d([2, 2], [2, 2], [0, 0], false, true, None);
        let input = self.input.forward(x);
        let both = self.of_guide.forward(&guide) + self.of_input.forward(&input);
        let weight = self.gate.forward(&both.relu()).sigmoid();
        let carried = guided(&guide, &input, &weight, &fine);
        let joined = Tensor::cat(&[self.up.forward(x), carried], 1);
        self.norm.forward(&joined.relu(), mode)
    }
}
