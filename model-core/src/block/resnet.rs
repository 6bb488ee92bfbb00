//! `ResNet-34` without pooling and classifier (He et al. 2016), names as in torchvision, so that its weights load unchanged.
//!
//! b batch, w width (64 in the original), s side of the image.
//!
//! | tap | layer | shape |
//! | --- | --- | --- |
//! | – | 7x7 convolution, stride 2, batch norm, ReLU | \[b, w, s/2, s/2\] |
//! | f2 | 3x3 max pool, stride 2; layer1 (3 blocks) | \[b, w, s/4, s/4\] |
//! | f3 | layer2 (4) | \[b, 2w, s/8, s/8\] |
//! | f4 | layer3 (6) | \[b, 4w, s/16, s/16\] |
//! | f5 | layer4 (3) | \[b, 8w, s/32, s/32\] |

use tch::Tensor;

use super::{BatchNorm, Conv, ConvConfig, Mode, backward_from, leaf};
use crate::params::Scope;

const BLOCKS: [usize; 4] = [3, 4, 6, 3];

/// The taps f2, f3, f4, f5, fine to coarse.
#[derive(Debug)]
pub struct Features(pub [Tensor; 4]);

impl Features {
    /// The same numbers, cut from the graph, as leaves that gather gradients of their own.
    #[must_use]
    pub fn leaves(&self) -> Self {
        Self(self.0.each_ref().map(leaf))
    }

    /// Continues into the graph with the gradients that `leaves` gathered: one backward pass for all their uses.
    pub fn backward_from(&self, leaves: &Self) {
        backward_from(self.0.iter().zip(&leaves.0));
    }
}

#[derive(Debug)]
struct BasicBlock {
    conv1: Conv,
    bn1: BatchNorm,
    conv2: Conv,
    bn2: BatchNorm,
    downsample: Option<(Conv, BatchNorm)>,
}

impl BasicBlock {
    fn new(scope: &Scope, inputs: i64, outputs: i64, stride: i64) -> Self {
        let conv = |name, inputs, stride| {
            Conv::kaiming(
                &scope.sub(name),
                ConvConfig::same(inputs, outputs, 3, stride),
            )
        };
        let norm = |name| BatchNorm::new(&scope.sub(name), outputs);
        let downsample = (stride != 1 || inputs != outputs).then(|| {
            let shrink = ConvConfig::same(inputs, outputs, 1, stride);
            (
                Conv::kaiming(&scope.sub("downsample.0"), shrink),
                norm("downsample.1"),
            )
        });
        Self {
            conv1: conv("conv1", inputs, stride),
            bn1: norm("bn1"),
            conv2: conv("conv2", outputs, 1),
            bn2: norm("bn2"),
            downsample,
        }
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        let inner = self.bn1.forward(&self.conv1.forward(x), mode).relu();
        let inner = self.bn2.forward(&self.conv2.forward(&inner), mode);
        let sum = match &self.downsample {
            None => inner + x,
            Some((conv, norm)) => inner + norm.forward(&conv.forward(x), mode),
        };
        sum.relu()
    }
}

/// The encoder.
#[derive(Debug)]
pub struct ResNet34 {
    conv1: Conv,
    bn1: BatchNorm,
    layers: Vec<Vec<BasicBlock>>,
}

impl ResNet34 {
    /// For images of `channels`, `width` channels after the first convolution.
    pub fn new(scope: &Scope, channels: i64, width: i64) -> Self {
        let mut inputs = width;
        let layers = BLOCKS
            .iter()
            .enumerate()
            .map(|(layer, &blocks)| {
                let outputs = width << layer;
                let scope = scope.sub(format!("layer{}", layer + 1));
                (0..blocks)
                    .map(|block| {
                        let stride = if layer > 0 && block == 0 { 2 } else { 1 };
                        let made = BasicBlock::new(&scope.sub(block), inputs, outputs, stride);
                        inputs = outputs;
                        made
                    })
                    .collect()
            })
            .collect();
        Self {
            conv1: Conv::kaiming(&scope.sub("conv1"), ConvConfig::same(channels, width, 7, 2)),
            bn1: BatchNorm::new(&scope.sub("bn1"), width),
            layers,
        }
    }

    /// Shapes: \[b, channels, s, s\] → the four taps
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Features {
        let stem = self.bn1.forward(&self.conv1.forward(x), mode).relu();
        let mut x = stem.max_pool2d([3, 3], [2, 2], [1, 1], [1, 1], false);
        let mut tap = |layer: usize| {
            for block in &self.layers[layer] {
                x = block.forward(&x, mode);
            }
            x.shallow_clone()
        };
        Features([tap(0), tap(1), tap(2), tap(3)])
    }
}
