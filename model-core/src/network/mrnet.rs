//! `MRNet`'s three parts (Ji et al., "Learning calibrated medical image segmentation via multi-rater agreement modeling",
//! CVPR 2021), on the shared backbone.
//!
//! b batch, m raters, k structures, s side, w encoder width, e channels of f5; v the rater vector, \[b, m\], sums to 1.
//!
//! ```text
//! told(v) = Conv3x3(v, constant over f5's grid → e)
//! asked(f5, v) = ConvLSTM(input f5, h = c = told(v))
//! EIM: y_c = Deconv(fea),  fea = Decoder(f1, f2, f3, f4, asked(f5, v))                     coarse segmentation
//! MRM: the same of Conv3x3([x ; σ(y_c)] → c) with M·K outputs                              each rater's map
//! MPM: y = Conv3x3([F, F ⊙ σ(y_c)_k, F ⊙ A_k] → k),  F = up(Conv1x1(fea → w))              final segmentation
//!      U_k = deviation of MRM's maps over raters,  A_k = max(U_k, minmax(Gauss(U_k)))      31x31, σ = 4
//! ```
//!
//! The original's MRM is a VGG-16 with ASPP; the comparison shares one backbone. Nothing goes back from MRM to EIM, nor from
//! MPM to either: their inputs are cut.

use mrprism_protocol::spec::Backbone;
use tch::{Device, Kind, Tensor};

use super::{Decoder, Sizes};
use crate::block::{Conv, ConvConfig, ConvLstm, Deconv, Features, Mode, ResNet, Taps};
use crate::params::Scope;

/// A U-Net whose bottleneck is told how much each rater counts.
#[derive(Debug)]
pub struct ToldUnet {
    /// Taps of the image.
    pub encoder: ResNet,
    told: Conv,
    lstm: ConvLstm,
    decoder: Decoder,
    head: Deconv,
}

impl ToldUnet {
    /// Names: `encoder`, `told`, `lstm`, `decoder`, `head`.
    pub fn new(scope: &Scope, spec: &Backbone, channels: i64, raters: i64, outputs: i64) -> Self {
        let (depth, width) = (spec.encoder_depth, i64::from(spec.encoder_width));
        let taps = ResNet::channels(depth, width);
        let decoder = Decoder::new(&scope.sub("decoder"), taps, width);
        let told = ConvConfig {
            bias: true,
            ..ConvConfig::same(raters, taps[3], 3, 1)
        };
        Self {
            encoder: ResNet::new(&scope.sub("encoder"), depth, channels, width),
            told: Conv::new(&scope.sub("told"), told),
            lstm: ConvLstm::new(&scope.sub("lstm"), taps[3]),
            head: Deconv::new(&scope.sub("head"), decoder.outputs(), outputs),
            decoder,
        }
    }

    /// `fea` and logits. Shapes: vector \[b, m\] → \[b, 4w, s/2, s/2\], \[b, outputs, s, s\]
    pub fn decode(&self, taps: &Taps, vector: &Tensor, mode: Mode) -> (Tensor, Tensor) {
        let [f2, f3, f4, f5] = &taps.features.0;
        let sizes = f5.size();
        let spread = vector
            .unsqueeze(-1)
            .unsqueeze(-1)
            .expand([sizes[0], -1, sizes[2], sizes[3]], false);
        let told = self.told.forward(&spread);
        let asked = self.lstm.forward(f5, &told, &told);
        let features = Features([
            f2.shallow_clone(),
            f3.shallow_clone(),
            f4.shallow_clone(),
            asked,
        ]);
        let fea = self.decoder.forward(&taps.stem, &features, mode);
        let logits = self.head.forward(&fea);
        (fea, logits)
    }
}

/// MRM: each rater's map, given image and coarse segmentation.
#[derive(Debug)]
pub struct Reconstruction {
    entry: Conv,
    network: ToldUnet,
    sizes: Sizes,
}

impl Reconstruction {
    fn new(scope: &Scope, spec: &Backbone, sizes: Sizes) -> Self {
        let entry = ConvConfig {
            bias: true,
            ..ConvConfig::same(sizes.channels + sizes.structures, sizes.channels, 3, 1)
        };
        let outputs = sizes.raters * sizes.structures;
        Self {
            entry: Conv::new(&scope.sub("entry"), entry),
            network: ToldUnet::new(scope, spec, sizes.channels, sizes.raters, outputs),
            sizes,
        }
    }

    /// Shapes: images \[b, c, s, s\], coarse \[b, k, s, s\], vector \[b, m\] → probabilities \[b, m, k, s, s\]
    pub fn forward(&self, images: &Tensor, coarse: &Tensor, vector: &Tensor, mode: Mode) -> Tensor {
        let seen = self.entry.forward(&Tensor::cat(&[images, coarse], 1));
        let taps = self.network.encoder.taps(&seen, mode);
        let (_, logits) = self.network.decode(&taps, vector, mode);
        logits
            .sigmoid()
            .unflatten(1, [self.sizes.raters, self.sizes.structures])
    }
}

/// MPM: the final segmentation, looking where raters differ.
#[derive(Debug)]
pub struct Perception {
    shrink: Conv,
    last: Conv,
    blur: Tensor,
}

/// Side and σ of the blur.
const BLUR: (i64, f64) = (31, 4.0);

impl Perception {
    fn new(scope: &Scope, width: i64, features: i64, structures: i64, device: Device) -> Self {
        let biased = |config| ConvConfig {
            bias: true,
            ..config
        };
        let joined = width * (1 + 2 * structures);
        Self {
            shrink: Conv::new(
                &scope.sub("shrink"),
                biased(ConvConfig::same(features, width, 1, 1)),
            ),
            last: Conv::new(
                &scope.sub("last"),
                biased(ConvConfig::same(joined, structures, 3, 1)),
            ),
            blur: gauss(device),
        }
    }

    /// Shapes: fea \[b, 4w, s/2, s/2\], coarse and uncertainty \[b, k, s, s\] → logits \[b, k, s, s\]
    pub fn forward(&self, fea: &Tensor, coarse: &Tensor, uncertainty: &Tensor) -> Tensor {
        let side = coarse.size()[3];
        let shrunk = self.shrink.forward(fea);
        let features = shrunk.upsample_bilinear2d([side, side], false, None, None);
        let attention = soft_attention(uncertainty, &self.blur);
        let mut joined = vec![features.shallow_clone()];
        for maps in [coarse, &attention] {
            for structure in 0..maps.size()[1] {
                joined.push(&features * maps.narrow(1, structure, 1));
            }
        }
        self.last.forward(&Tensor::cat(&joined, 1))
    }
}

/// max(U, minmax(Gauss(U))), map by map. Shapes: \[b, k, s, s\] → \[b, k, s, s\]
pub fn soft_attention(uncertainty: &Tensor, blur: &Tensor) -> Tensor {
    let (sizes, half) = (uncertainty.size(), BLUR.0 / 2);
    let single = uncertainty.reshape([-1, 1, sizes[2], sizes[3]]);
    let along = |x: &Tensor, kernel: &Tensor, padding: [i64; 2]| {
        x.conv2d(kernel, None::<Tensor>, [1, 1], padding, [1, 1], 1)
    };
    let rows = along(&single, &blur.reshape([1, 1, 1, -1]), [0, half]);
    let blurred = along(&rows, &blur.reshape([1, 1, -1, 1]), [half, 0]).view_as(uncertainty);
    let lowest = blurred.amin([2_i64, 3].as_slice(), true);
    let highest = blurred.amax([2_i64, 3].as_slice(), true);
    let scaled = (blurred - &lowest) / (highest - lowest + 1e-8);
    uncertainty.maximum(&scaled)
}

/// The blur's Gaussian along one axis, summing to 1. Shapes: → \[31\]
pub fn gauss(device: Device) -> Tensor {
    let (side, sigma) = BLUR;
    let at = Tensor::arange(side, (Kind::Float, device)) - (side / 2) as f64;
    let weights = (at.square() / (-2.0 * sigma * sigma)).exp();
    let sum = weights.sum(Kind::Float);
    weights / sum
}

/// The three parts.
#[derive(Debug)]
pub struct Mrnet {
    /// EIM.
    pub coarse: ToldUnet,
    /// MRM.
    pub reconstruction: Reconstruction,
    /// MPM.
    pub perception: Perception,
}

impl Mrnet {
    /// EIM's encoder is the method's: its names stand at the root. Names: `encoder`, `told`, …, `mrm`, `mpm`.
    pub fn new(scope: &Scope, spec: &Backbone, sizes: Sizes, device: Device) -> Self {
        let (channels, structures) = (sizes.channels, sizes.structures);
        let width = i64::from(spec.encoder_width);
        let coarse = ToldUnet::new(scope, spec, channels, sizes.raters, structures);
        let features = coarse.decoder.outputs();
        Self {
            coarse,
            reconstruction: Reconstruction::new(&scope.sub("mrm"), spec, sizes),
            perception: Perception::new(&scope.sub("mpm"), width, features, structures, device),
        }
    }
}
