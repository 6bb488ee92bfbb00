//! `ResNet-18`, `-34` and `-50` without pooling and classifier (He et al. 2016), names as in torchvision, so that its
//! weights load unchanged.
//!
//! b batch, w width (64 in the original), s side of the image, e expansion: 1, and 4 for the bottlenecks of `ResNet-50`.
//!
//! | tap | layer | blocks at 18, 34, 50 | shape |
//! | --- | --- | --- | --- |
//! | f1 | 7x7 convolution, stride 2, batch norm, `ReLU` | – | \[b, w, s/2, s/2\] |
//! | f2 | 3x3 max pool, stride 2; layer1 | 2, 3, 3 | \[b, ew, s/4, s/4\] |
//! | f3 | layer2 | 2, 4, 4 | \[b, 2ew, s/8, s/8\] |
//! | f4 | layer3 | 2, 6, 6 | \[b, 4ew, s/16, s/16\] |
//! | f5 | layer4 | 2, 3, 3 | \[b, 8ew, s/32, s/32\] |
//!
//! A bottleneck strides in its 3x3 convolution, as torchvision's does.

use mrprism_protocol::spec::EncoderDepth;
use tch::Tensor;

use super::{BatchNorm, Conv, ConvConfig, Mode, backward_from, leaf};
use crate::params::Scope;

const fn blocks(depth: EncoderDepth) -> [usize; 4] {
    match depth {
        EncoderDepth::R18 => [2, 2, 2, 2],
        EncoderDepth::R34 | EncoderDepth::R50 => [3, 4, 6, 3],
    }
}

/// Channels a block gives for each one it works on.
const fn expansion(depth: EncoderDepth) -> i64 {
    match depth {
        EncoderDepth::R18 | EncoderDepth::R34 => 1,
        EncoderDepth::R50 => 4,
    }
}

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

/// All five taps.
#[derive(Debug)]
pub struct Taps {
    /// f1.
    pub stem: Tensor,
    /// f2 to f5.
    pub features: Features,
}

impl Taps {
    /// As [`Features::leaves`].
    #[must_use]
    pub fn leaves(&self) -> Self {
        Self {
            stem: leaf(&self.stem),
            features: self.features.leaves(),
        }
    }

    /// As [`Features::backward_from`]; a tap that nothing used has no part in it.
    pub fn backward_from(&self, leaves: &Self) {
        let features = self.features.0.iter().zip(&leaves.features.0);
        backward_from(features.chain([(&self.stem, &leaves.stem)]));
    }
}

/// A residual block: two 3x3 convolutions, or 1x1, 3x3, 1x1 with fewer channels between.
#[derive(Debug)]
struct Block {
    /// Convolution and batch norm, in order; `ReLU` between them.
    inner: Vec<(Conv, BatchNorm)>,
    downsample: Option<(Conv, BatchNorm)>,
}

impl Block {
    fn new(scope: &Scope, depth: EncoderDepth, inputs: i64, width: i64, stride: i64) -> Self {
        let outputs = width * expansion(depth);
        let part = |conv: String, norm: String, config: ConvConfig| {
            (
                Conv::kaiming(&scope.sub(conv), config),
                BatchNorm::new(&scope.sub(norm), config.outputs),
            )
        };
        let shapes = match depth {
            EncoderDepth::R18 | EncoderDepth::R34 => vec![
                ConvConfig::same(inputs, width, 3, stride),
                ConvConfig::same(width, width, 3, 1),
            ],
            EncoderDepth::R50 => vec![
                ConvConfig::same(inputs, width, 1, 1),
                ConvConfig::same(width, width, 3, stride),
                ConvConfig::same(width, outputs, 1, 1),
            ],
        };
        let inner = shapes
            .into_iter()
            .zip(1..)
            .map(|(shape, number)| part(format!("conv{number}"), format!("bn{number}"), shape))
            .collect();
        let downsample = (stride != 1 || inputs != outputs).then(|| {
            let shrink = ConvConfig::same(inputs, outputs, 1, stride);
            part("downsample.0".to_owned(), "downsample.1".to_owned(), shrink)
        });
        Self { inner, downsample }
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        let mut inner = x.shallow_clone();
        for (position, (conv, norm)) in self.inner.iter().enumerate() {
            if position > 0 {
                inner = inner.relu();
            }
            inner = norm.forward(&conv.forward(&inner), mode);
        }
        let sum = match &self.downsample {
            None => inner + x,
            Some((conv, norm)) => inner + norm.forward(&conv.forward(x), mode),
        };
        sum.relu()
    }
}

/// The encoder.
#[derive(Debug)]
pub struct ResNet {
    conv1: Conv,
    bn1: BatchNorm,
    layers: Vec<Vec<Block>>,
}

impl ResNet {
    /// For images of `channels`, `width` channels after the first convolution.
    pub fn new(scope: &Scope, depth: EncoderDepth, channels: i64, width: i64) -> Self {
        let mut inputs = width;
        let layers = blocks(depth)
            .into_iter()
            .enumerate()
            .map(|(layer, blocks)| {
                let own = width << layer;
                let scope = scope.sub(format!("layer{}", layer + 1));
                (0..blocks)
                    .map(|block| {
                        let stride = if layer > 0 && block == 0 { 2 } else { 1 };
                        let made = Block::new(&scope.sub(block), depth, inputs, own, stride);
                        inputs = own * expansion(depth);
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

    /// Channels of the taps f2, f3, f4, f5.
    pub fn channels(depth: EncoderDepth, width: i64) -> [i64; 4] {
        [1, 2, 4, 8].map(|factor| factor * width * expansion(depth))
    }

    /// Shapes: \[b, channels, s, s\] → the four taps
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Features {
        self.forward_with_stem(x, mode).1
    }

    /// The same with f1, as one.
    pub fn taps(&self, x: &Tensor, mode: Mode) -> Taps {
        let (stem, features) = self.forward_with_stem(x, mode);
        Taps { stem, features }
    }

    /// The same with f1 before them. Shapes: \[b, channels, s, s\] → \[b, w, s/2, s/2\], the four taps
    pub fn forward_with_stem(&self, x: &Tensor, mode: Mode) -> (Tensor, Features) {
        let stem = self.bn1.forward(&self.conv1.forward(x), mode).relu();
        let mut x = stem.max_pool2d([3, 3], [2, 2], [1, 1], [1, 1], false);
        let mut tap = |layer: usize| {
            for block in &self.layers[layer] {
                x = block.forward(&x, mode);
            }
            x.shallow_clone()
        };
        let taps = Features([tap(0), tap(1), tap(2), tap(3)]);
        (stem, taps)
    }
}
