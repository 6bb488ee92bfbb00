//! D-Persona (Wu et al., "Diversified and personalized multi-rater medical image segmentation", CVPR 2024), on the shared
//! backbone: a probabilistic U-Net whose posterior sees all raters at once, then a head for each rater that chooses latent
//! vectors.
//!
//! ```text
//! diversify:    L = BCE(segment(z ~ q), one present rater) + λ/(K s²) KL(q ‖ p)
//!                 + β (BCE(max over samples of p, union of raters) + BCE(min, intersection)) / 2
//! personalise:  z_m = softmax(e_m · bank) bank,  bank: samples of p,  e_m = mean over pixels of a small network of fea
//!               L = 1/M Σ_m BCE(segment(z_m), z^m)                    everything but the raters' networks stands still
//! ```
//!
//! Why this one of the newer methods: it claims to lead on LIDC and NPC-170 both in diversity and for each rater, its code is
//! public, and later papers (`ProSona`, `ProPer`) measure themselves by it. A prediction is the mean of the raters' maps; the
//! prior's samples are its hypotheses. The original trains its phases as two programs.

use mrprism_protocol::spec::{DpersonaLoss, OnBackbone, RunSpec, Seed};
use tch::{Device, Kind, Tensor};

use super::Method;
use super::latent::pixels;
use crate::block::Mode;
use crate::draw::Random;
use crate::loss::{drawn_labels, multi_head, soft_cross_entropy};
use crate::network::{Experts, Gaussian, ProbUnet, Sizes};
use crate::params::{Builder, Parameters};
use crate::predict::{Predicted, Predictor};
use crate::train::{Batch, Learner, LossTerm, Place, detached};

/// What stands still while raters are learned though gradients pass through it.
const SHARED: [&str; 3] = ["join1", "join2", "head"];

/// The method.
#[derive(Debug)]
pub struct Dpersona {
    loss: DpersonaLoss,
    sizes: Sizes,
    network: ProbUnet,
    experts: Experts,
    parameters: Parameters,
}

impl Dpersona {
    /// Builds the network for the run's data and size.
    pub fn new(run: &RunSpec, spec: &OnBackbone<DpersonaLoss>, seed: Seed, device: Device) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let root = builder.root();
        let latent = i64::from(spec.loss.latent);
        let seen = sizes.channels + sizes.raters * sizes.structures;
        Self {
            loss: spec.loss.clone(),
            sizes,
            network: ProbUnet::new(&root, &spec.network, sizes, latent, seen),
            experts: Experts::new(&root.sub("experts"), &spec.network, sizes.raters, latent),
            parameters: builder.finish(),
        }
    }

    fn diversify(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        let stream = |name| Random::new(place.seed.draw(name, place.epoch, place.step));
        let (images, network) = (&batch.images, &self.network);
        let present = batch.present.weights.as_ref();
        let drawn =
            present.map_or_else(|| batch.masks.shallow_clone(), |there| &batch.masks * there);
        let seen = Tensor::cat(&[images, &drawn.flatten(1, 2)], 1);
        let posterior = network.posterior.forward(&seen, Mode::Train);
        let prior = network.prior.forward(images, Mode::Train);
        let noise = stream("latent").normals(&posterior.mean.size(), images.device());
        let features = network.features(images, Mode::Train);
        let wanted = drawn_labels(stream("rater"), &batch.masks, &batch.present.raters);
        let made = network.segment(&features, &posterior.at(&noise));
        let segmentation = soft_cross_entropy(&made, &wanted);
        let samples = self.samples(&features, &prior, stream("bounds"), self.loss.bound_samples);
        let bounds = bounds_loss(&samples, &batch.masks, present);
        let divergence = posterior.divergence(&prior).mean(None::<Kind>);
        let loss = &segmentation
            + &divergence * (self.loss.divergence / pixels(self.sizes))
            + &bounds * self.loss.bounds;
        loss.backward();
        detached([
            ("loss", loss),
            ("l_segmentation", segmentation),
            ("l_bounds", bounds),
            ("divergence", divergence),
        ])
    }

    fn personalise(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        let random = Random::new(place.seed.draw("bank", place.epoch, place.step));
        let (features, prior) = tch::no_grad(|| {
            let features = self.network.features(&batch.images, Mode::Eval);
            (
                features,
                self.network.prior.forward(&batch.images, Mode::Eval),
            )
        });
        let heads = self.heads(&features, &prior, random, Mode::Train);
        let loss = multi_head(&heads, &batch.masks, &batch.present.raters);
        loss.backward();
        for prefix in SHARED {
            self.parameters.clear_gradients_below(prefix);
        }
        vec![("loss", loss.detach())]
    }

    /// Each rater's map. Shapes: → \[b, m, k, s, s\]
    fn heads(&self, features: &Tensor, prior: &Gaussian, random: Random, mode: Mode) -> Tensor {
        let bank: Vec<Tensor> = (0..u64::from(self.loss.bank))
            .map(|sample| self.latent(prior, random.child(sample)))
            .collect();
        let bank = Tensor::stack(&bank, 1);
        let chosen = self.experts.choose(features, &bank, mode);
        let maps: Vec<Tensor> = chosen
            .iter()
            .map(|latent| self.network.segment(features, latent))
            .collect();
        Tensor::stack(&maps, 1)
    }

    /// Segmentations of `count` samples of the prior. Shapes: → \[count, b, k, s, s\]
    fn samples(&self, features: &Tensor, prior: &Gaussian, random: Random, count: u32) -> Tensor {
        let drawn = (0..u64::from(count)).map(|sample| {
            let latent = self.latent(prior, random.child(sample));
            self.network.segment(features, &latent)
        });
        Tensor::stack(&drawn.collect::<Vec<_>>(), 0)
    }

    /// One sample a case, with the same ε for all.
    fn latent(&self, prior: &Gaussian, random: Random) -> Tensor {
        let noise = random.normals(&[1, i64::from(self.loss.latent)], prior.mean.device());
        prior.at(&noise)
    }
}

/// Cross-entropy of the samples' largest and smallest with the union and the intersection of the raters present.
/// Shapes: samples \[n, b, k, s, s\], masks \[b, m, k, s, s\], present \[b, m, 1, 1, 1\] or none → a scalar
pub fn bounds_loss(samples: &Tensor, masks: &Tensor, present: Option<&Tensor>) -> Tensor {
    let (any, all) = match present {
        None => (masks.shallow_clone(), masks.shallow_clone()),
        // An absent rater adds nothing to the union and takes nothing from the intersection.
        Some(there) => (masks * there, (masks - 1.0) * there + 1.0),
    };
    let union = any.amax([1_i64].as_slice(), false);
    let intersection = all.amin([1_i64].as_slice(), false);
    let largest = samples.amax([0_i64].as_slice(), false);
    let smallest = samples.amin([0_i64].as_slice(), false);
    (soft_cross_entropy(&largest, &union) + soft_cross_entropy(&smallest, &intersection)) * 0.5
}

impl Learner for Dpersona {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn prepares(&self, place: Place) -> bool {
        let done = place.epoch * place.plan.steps_per_epoch + place.step;
        (done as f64) < self.loss.diversity * place.plan.steps as f64
    }

    fn phase(&self, place: Place) -> &'static str {
        if self.prepares(place) {
            "diversify"
        } else {
            "personalise"
        }
    }

    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        if self.prepares(place) {
            self.diversify(batch, place)
        } else {
            self.personalise(batch, place)
        }
    }
}

impl Predictor for Dpersona {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| {
            let features = self.network.features(images, Mode::Eval);
            let prior = self.network.prior.forward(images, Mode::Eval);
            let stream = |name| Random::named(0, name);
            let heads = self.heads(&features, &prior, stream("bank"), Mode::Eval);
            let samples = self.samples(&features, &prior, stream("samples"), self.loss.samples);
            let mean = heads.mean_dim([1_i64].as_slice(), false, None::<Kind>);
            Predicted::single(&mean)
                .with_heads(&heads)
                .with_hypotheses(samples)
        })
    }
}

impl Method for Dpersona {}
