//! pOSAL (Wang et al., "Patch-based output space adversarial learning for joint optic disc and cup segmentation", IEEE TMI
//! 2019) on the raters' majority.
//!
//! ```text
//! L = Σ_k ω_k (1 − 2 Σ p y / (Σ p² + Σ y²)) + smoothness + adversarial
//! smoothness: the mean of |p − its four neighbours| over pixels whose four neighbours have the pixel's label
//! ```
//!
//! ω is 0.4 for the disc and 0.6 for the cup; other numbers of structures weigh alike. The generator is the shared backbone,
//! not `DeepLabv3+`.

use mrprism_protocol::spec::{OnBackbone, PosalLoss, RunSpec, Seed, TrainingLabels};
use tch::{Device, Kind, Tensor};

use super::Method;
use super::adversarial::{Game, Target};
use crate::block::{Mode, backward_from};
use crate::draw::Random;
use crate::loss::joined_labels;
use crate::network::{Discriminator, Sizes, Unet};
use crate::params::{Builder, Parameters};
use crate::predict::{Predicted, Predictor};
use crate::train::{Batch, Learner, LossTerm, Place, detached};

/// Where the discriminator's parameters stand.
const DISCRIMINATOR: &str = "discriminator";

/// The method.
#[derive(Debug)]
pub struct Posal {
    loss: PosalLoss,
    weights: Tensor,
    network: Unet,
    discriminator: Discriminator,
    target: Target,
    parameters: Parameters,
}

impl Posal {
    /// Builds the network for the run's data and size.
    pub fn new(run: &RunSpec, spec: &OnBackbone<PosalLoss>, seed: Seed, device: Device) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let root = builder.root();
        let width = i64::from(spec.network.encoder_width);
        let weights = structure_weights(&spec.loss.disc_and_cup, sizes.structures as usize);
        Self {
            loss: spec.loss.clone(),
            weights: Tensor::from_slice(&weights).to_device(device),
            network: Unet::new(&root, &spec.network, sizes.channels, sizes.structures),
            discriminator: Discriminator::new(&root.sub(DISCRIMINATOR), sizes.structures, width),
            target: Target::default(),
            parameters: builder.finish(),
        }
    }
}

/// ω, which sums to 1.
pub fn structure_weights(disc_and_cup: &[f64; 2], structures: usize) -> Vec<f32> {
    if structures == 2 {
        let sum = disc_and_cup.iter().sum::<f64>();
        return disc_and_cup
            .iter()
            .map(|weight| (weight / sum) as f32)
            .collect();
    }
    vec![1.0 / structures as f32; structures]
}

/// 1 − Dice with squared denominators, weighed over structures, the mean over cases.
/// Shapes: p, y \[b, k, s, s\], weights \[k\] → a scalar
pub fn squared_dice_loss(p: &Tensor, y: &Tensor, weights: &Tensor) -> Tensor {
    let sum = |x: Tensor| x.sum_dim_intlist([2_i64, 3].as_slice(), false, None::<Kind>);
    let dice = (sum(p * y) * 2.0 + 1e-6) / (sum(p.square()) + sum(y.square()) + 1e-6);
    ((dice.neg() + 1.0) * weights)
        .sum_dim_intlist(1, false, None::<Kind>)
        .mean(None)
}

/// The smoothness term. Shapes: p, y \[b, k, s, s\] → a scalar
pub fn smoothness(p: &Tensor, y: &Tensor) -> Tensor {
    let sizes = p.size();
    let (h, w) = (sizes[2] - 2, sizes[3] - 2);
    let at = |x: &Tensor, row, column| x.narrow(2, row, h).narrow(3, column, w);
    let (centre_p, centre_y) = (at(p, 1, 1), at(y, 1, 1));
    let places = [(0, 1), (2, 1), (1, 0), (1, 2)];
    let alike = places
        .map(|(row, column)| at(y, row, column).eq_tensor(&centre_y).to_kind(Kind::Float))
        .into_iter()
        .reduce(|all, one| all * one)
        .unwrap_or_default();
    let apart: Tensor = places
        .map(|(row, column)| (at(p, row, column) - &centre_p).abs())
        .into_iter()
        .sum();
    let count = alike.sum(None::<Kind>).clamp_min(1.0);
    (apart * 0.25 * alike).sum(None::<Kind>) / count
}

impl Learner for Posal {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        let raters = &batch.present.raters;
        let wanted = joined_labels(TrainingLabels::Majority, &batch.masks, raters);
        let source = self.network.forward(&batch.images, Mode::Train).sigmoid();
        let dice = squared_dice_loss(&source, &wanted, &self.weights);
        let smooth = smoothness(&source, &wanted);
        let loss = &dice + &smooth * self.loss.smoothness;
        loss.backward();
        let mut terms = detached([("loss", loss), ("l_dice", dice), ("l_smooth", smooth)]);
        let random = Random::new(place.seed.draw("target", place.epoch, place.step));
        let count = batch.images.size()[0];
        if let Some(images) = self.target.batch(random, count) {
            let target = self.network.forward(&images, Mode::Train).sigmoid();
            let game = Game {
                discriminator: &self.discriminator,
                prefix: DISCRIMINATOR,
                source: &source,
                target: &target,
            };
            let played = game.play(self.loss.adversarial, &self.parameters);
            backward_from([(&target, &played.leaf)]);
            terms.extend([("l_fooling", played.fooling), ("l_telling", played.telling)]);
        }
        terms
    }
}

impl Predictor for Posal {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| Predicted::single(&self.network.forward(images, Mode::Eval).sigmoid()))
    }
}

impl Method for Posal {
    fn wants_target(&self) -> bool {
        true
    }

    fn meet_target(&self, images: &Tensor) {
        self.target.meet(images);
    }
}
