//! The shared backbone U of the methods that MrPrism is compared with (docs/model.md, "Backbone"): a ResNet encoder and a
//! decoder of four blocks, all equally wide. With 64 channels at first, `ResNet-34` and two structures it has 22,010,690
//! parameters.
//!
//! b batch, c outputs, s side of the image, w encoder width, d = 2w.
//!
//! ```text
//! x ← f5                                                     s/32
//! x ← BN(ReLU([Deconv(x → d) ; Conv1x1(skip → d)]))          skip: f4, f3, f2, f1, so s/16 … s/2
//! y ← Deconv(x → c)                                          s
//! ```

use mrprism_protocol::spec::Backbone;
use tch::Tensor;

use crate::block::{BatchNorm, Conv, ConvConfig, Deconv, Features, Mode, ResNet};
use crate::params::Scope;

/// Encoder, decoder and the last deconvolution.
#[derive(Debug)]
pub struct Unet {
    /// Taps of the image.
    pub encoder: ResNet,
    /// The way up.
    pub decoder: Decoder,
    /// From the decoder's last map to the outputs.
    pub head: Deconv,
}

impl Unet {
    /// For images of `channels`, with `outputs` maps. Names: `encoder`, `decoder`, `head`.
    pub fn new(scope: &Scope, spec: &Backbone, channels: i64, outputs: i64) -> Self {
        let width = i64::from(spec.encoder_width);
        let depth = spec.encoder_depth;
        let decoder = Decoder::new(&scope.sub("decoder"), ResNet::channels(depth, width), width);
        Self {
            encoder: ResNet::new(&scope.sub("encoder"), depth, channels, width),
            head: Deconv::new(&scope.sub("head"), decoder.outputs(), outputs),
            decoder,
        }
    }

    /// Logits. Shapes: images \[b, channels, s, s\] → \[b, outputs, s, s\]
    pub fn forward(&self, images: &Tensor, mode: Mode) -> Tensor {
        self.head.forward(&self.features(images, mode))
    }

    /// The map that the last deconvolution sees. Shapes: images \[b, channels, s, s\] → \[b, 4w, s/2, s/2\]
    pub fn features(&self, images: &Tensor, mode: Mode) -> Tensor {
        let (stem, taps) = self.encoder.forward_with_stem(images, mode);
        self.decoder.forward(&stem, &taps, mode)
    }
}

/// The four blocks.
#[derive(Debug)]
pub struct Decoder {
    blocks: [Block; 4],
    outputs: i64,
}

impl Decoder {
    /// Beside an encoder whose taps f2 … f5 have `taps` channels and whose first map, f1, has `width`. Names: `up1` … `up4`.
    pub fn new(scope: &Scope, taps: [i64; 4], width: i64) -> Self {
        let half = 2 * width;
        let [f2, f3, f4, f5] = taps;
        let from = [f5, 2 * half, 2 * half, 2 * half];
        let skips = [f4, f3, f2, width];
        Self {
            blocks: std::array::from_fn(|at| {
                let scope = scope.sub(format!("up{}", at + 1));
                Block::new(&scope, from[at], skips[at], half)
            }),
            outputs: 2 * half,
        }
    }

    /// Channels of what it gives.
    pub fn outputs(&self) -> i64 {
        self.outputs
    }

    /// Shapes: f1 \[b, w, s/2, s/2\], f2 … f5 → \[b, 4w, s/2, s/2\]
    pub fn forward(&self, stem: &Tensor, taps: &Features, mode: Mode) -> Tensor {
        let [f2, f3, f4, f5] = &taps.0;
        self.blocks
            .iter()
            .zip([f4, f3, f2, stem])
            .fold(f5.shallow_clone(), |x, (block, skip)| {
                block.forward(&x, skip, mode)
            })
    }
}

/// Twice the side, joined with the encoder's map of that size.
#[derive(Debug)]
pub(in crate::network) struct Block {
    up: Deconv,
    skip: Conv,
    norm: BatchNorm,
}

impl Block {
    /// From `inputs` channels and a skip of `skip` to twice `half`. Names: `up`, `skip`, `norm`.
    pub(in crate::network) fn new(scope: &Scope, inputs: i64, skip: i64, half: i64) -> Self {
        let shrink = ConvConfig {
            bias: true,
            ..ConvConfig::same(skip, half, 1, 1)
        };
        Self {
            up: Deconv::new(&scope.sub("up"), inputs, half),
            skip: Conv::new(&scope.sub("skip"), shrink),
            norm: BatchNorm::new(&scope.sub("norm"), 2 * half),
        }
    }

    /// Shapes: x \[b, inputs, R/2, R/2\], skip \[b, skip, R, R\] → \[b, 2·half, R, R\]
    pub(in crate::network) fn forward(&self, x: &Tensor, skip: &Tensor, mode: Mode) -> Tensor {
        let joined = Tensor::cat(&[self.up.forward(x), self.skip.forward(skip)], 1);
        self.norm.forward(&joined.relu(), mode)
    }
}
