//! BEAL (Wang et al., "Boundary and entropy-driven adversarial learning for fundus image segmentation", MICCAI 2019) on the
//! raters' majority.
//!
//! ```text
//! boundary = Conv3x3(BN-ReLU(Conv3x3(fea)) → 1)          mask = Deconv([fea ; boundary])
//! L = BCE(σ(mask), y) + mean (σ(boundary) − target)² + adversarial on σ(boundary) + adversarial on the entropy −p ln p
//! ```
//!
//! The boundary's target is the border of every structure, blurred with σ = 3 and scaled to a largest value of 1.

use mrprism_protocol::spec::{BealLoss, OnBackbone, RunSpec, Seed, TrainingLabels};
use tch::{Device, Kind, Tensor};

use super::Method;
use super::adversarial::{Game, Target};
use crate::block::{Conv, ConvConfig, ConvNormRelu, Deconv, Mode, ResNet, backward_from};
use crate::draw::Random;
use crate::loss::{joined_labels, soft_cross_entropy};
use crate::network::{Decoder, Discriminator, Sizes};
use crate::params::{Builder, Parameters, Scope};
use crate::predict::{Predicted, Predictor};
use crate::train::{Batch, Learner, LossTerm, Place, detached};

/// Where the discriminators' parameters stand.
const OF_BOUNDARY: &str = "discriminator_boundary";
const OF_ENTROPY: &str = "discriminator_entropy";
/// σ of the boundary target's blur, and how far it reaches.
const BLUR: (f64, i64) = (3.0, 9);

#[derive(Debug)]
struct Generator {
    encoder: ResNet,
    decoder: Decoder,
    inner: ConvNormRelu,
    boundary: Conv,
    head: Deconv,
}

impl Generator {
    fn new(scope: &Scope, spec: &mrprism_protocol::spec::Backbone, sizes: Sizes) -> Self {
        let (depth, width) = (spec.encoder_depth, i64::from(spec.encoder_width));
        let taps = ResNet::channels(depth, width);
        let decoder = Decoder::new(&scope.sub("decoder"), taps, width);
        let features = decoder.outputs();
        let last = ConvConfig {
            bias: true,
            ..ConvConfig::same(width, 1, 3, 1)
        };
        Self {
            encoder: ResNet::new(&scope.sub("encoder"), depth, sizes.channels, width),
            inner: ConvNormRelu::new(
                &scope.sub("boundary.inner"),
                ConvConfig::same(features, width, 3, 1),
            ),
            boundary: Conv::new(&scope.sub("boundary.last"), last),
            head: Deconv::new(&scope.sub("head"), features + 1, sizes.structures),
            decoder,
        }
    }

    /// Probabilities of mask and boundary. Shapes: images \[b, c, s, s\] → \[b, k, s, s\], \[b, 1, s, s\]
    fn forward(&self, images: &Tensor, mode: Mode) -> (Tensor, Tensor) {
        let side = images.size()[3];
        let (stem, taps) = self.encoder.forward_with_stem(images, mode);
        let fea = self.decoder.forward(&stem, &taps, mode);
        let boundary = self.boundary.forward(&self.inner.forward(&fea, mode));
        let mask = self.head.forward(&Tensor::cat(&[&fea, &boundary], 1));
        let wide = boundary.upsample_bilinear2d([side, side], false, None, None);
        (mask.sigmoid(), wide.sigmoid())
    }
}

/// Borders of hard masks, blurred. Shapes: y \[b, k, s, s\] of 0 and 1 → \[b, 1, s, s\] in 0 to 1
pub fn boundary_target(y: &Tensor) -> Tensor {
    // A marked pixel with an unmarked one above, below, left or right; the image's edge is no border.
    let around = |kernel: [i64; 2], padding: [i64; 2]| {
        (y.neg() + 1.0).max_pool2d(kernel, [1, 1], padding, [1, 1], false)
    };
    let unmarked = around([3, 1], [1, 0]).maximum(&around([1, 3], [0, 1]));
    let borders = (y * unmarked).amax([1_i64].as_slice(), true);
    let (sigma, reach) = BLUR;
    let at = Tensor::arange(2 * reach + 1, (Kind::Float, y.device())) - reach as f64;
    let kernel = (at.square() / (-2.0 * sigma * sigma)).exp();
    let along = |x: &Tensor, shape: [i64; 4], padding: [i64; 2]| {
        x.conv2d(
            &kernel.reshape(shape),
            None::<Tensor>,
            [1, 1],
            padding,
            [1, 1],
            1,
        )
    };
    let rows = along(&borders, [1, 1, 1, -1], [0, reach]);
    let blurred = along(&rows, [1, 1, -1, 1], [reach, 0]);
    let largest = blurred.amax([2_i64, 3].as_slice(), true);
    blurred / largest.clamp_min(1e-6)
}

/// −p ln p. Shapes: any
pub fn entropy(p: &Tensor) -> Tensor {
    (p * p.clamp_min(1e-6).log()).neg()
}

/// The method.
#[derive(Debug)]
pub struct Beal {
    loss: BealLoss,
    network: Generator,
    of_boundary: Discriminator,
    of_entropy: Discriminator,
    target: Target,
    parameters: Parameters,
}

impl Beal {
    /// Builds the network for the run's data and size.
    pub fn new(run: &RunSpec, spec: &OnBackbone<BealLoss>, seed: Seed, device: Device) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let root = builder.root();
        let width = i64::from(spec.network.encoder_width);
        let discriminator = |name, channels| Discriminator::new(&root.sub(name), channels, width);
        Self {
            loss: spec.loss.clone(),
            network: Generator::new(&root, &spec.network, sizes),
            of_boundary: discriminator(OF_BOUNDARY, 1),
            of_entropy: discriminator(OF_ENTROPY, sizes.structures),
            target: Target::default(),
            parameters: builder.finish(),
        }
    }

    /// Both games; goes back through the target images' graph once.
    fn play(&self, images: &Tensor, mask: &Tensor, boundary: &Tensor) -> Vec<LossTerm> {
        let (target_mask, target_boundary) = self.network.forward(images, Mode::Train);
        let (source_entropy, target_entropy) = (entropy(&mask.detach()), entropy(&target_mask));
        let game = |discriminator, prefix, source, target| Game {
            discriminator,
            prefix,
            source,
            target,
        };
        let weight = self.loss.adversarial;
        let of_boundary = game(&self.of_boundary, OF_BOUNDARY, boundary, &target_boundary)
            .play(weight, &self.parameters);
        let of_entropy = game(
            &self.of_entropy,
            OF_ENTROPY,
            &source_entropy,
            &target_entropy,
        )
        .play(weight, &self.parameters);
        backward_from([
            (&target_boundary, &of_boundary.leaf),
            (&target_entropy, &of_entropy.leaf),
        ]);
        vec![
            ("l_fooling", of_boundary.fooling + of_entropy.fooling),
            ("l_telling", of_boundary.telling + of_entropy.telling),
        ]
    }
}

impl Learner for Beal {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        let raters = &batch.present.raters;
        let wanted = joined_labels(TrainingLabels::Majority, &batch.masks, raters);
        let (mask, boundary) = self.network.forward(&batch.images, Mode::Train);
        let of_mask = soft_cross_entropy(&mask, &wanted);
        let of_boundary = (&boundary - boundary_target(&wanted))
            .square()
            .mean(None::<Kind>);
        let loss = &of_mask + &of_boundary;
        loss.backward();
        let mut terms = detached([
            ("loss", loss),
            ("l_mask", of_mask),
            ("l_boundary", of_boundary),
        ]);
        let random = Random::new(place.seed.draw("target", place.epoch, place.step));
        let count = batch.images.size()[0];
        if let Some(images) = self.target.batch(random, count) {
            terms.extend(self.play(&images, &mask, &boundary));
        }
        terms
    }
}

impl Predictor for Beal {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| Predicted::single(&self.network.forward(images, Mode::Eval).0))
    }
}

impl Method for Beal {
    fn wants_target(&self) -> bool {
        true
    }

    fn meet_target(&self, images: &Tensor) {
        self.target.meet(images);
    }
}
