//! The probabilistic U-Net (Kohl et al., `NeurIPS` 2018): a latent vector decides which of the raters' opinions is drawn.
//!
//! ```text
//! y: the masks of one present rater of each case, drawn      z = μ_q + σ_q ε,  q = q(z | x, y)
//! L = BCE(segment(x, z), y) + β/(K s²) · KL(q(z | x, y) ‖ p(z | x))
//! ```
//!
//! BCE is a mean over pixels where the original sums, so KL is divided by their number: the same optimum. A prediction is the
//! mean over samples of the prior, the samples themselves are its hypotheses. Their ε are the same for every case.

use mrprism_protocol::spec::{LatentLoss, OnBackbone, RunSpec, Seed};
use tch::{Device, Tensor};

use super::Method;
use super::latent::{learn_bound, mean_of};
use crate::block::Mode;
use crate::draw::Random;
use crate::loss::{drawn_labels, soft_cross_entropy};
use crate::network::{ProbUnet as Network, Sizes};
use crate::params::{Builder, Parameters};
use crate::predict::{Predicted, Predictor};
use crate::train::{Batch, Learner, LossTerm, Place};

/// The method.
#[derive(Debug)]
pub struct ProbUnet {
    loss: LatentLoss,
    sizes: Sizes,
    network: Network,
    parameters: Parameters,
}

impl ProbUnet {
    /// Builds the network for the run's data and size.
    pub fn new(run: &RunSpec, spec: &OnBackbone<LatentLoss>, seed: Seed, device: Device) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let latent = i64::from(spec.loss.latent);
        let seen = sizes.channels + sizes.structures;
        Self {
            loss: spec.loss.clone(),
            sizes,
            network: Network::new(&builder.root(), &spec.network, sizes, latent, seen),
            parameters: builder.finish(),
        }
    }
}

impl Learner for ProbUnet {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        let stream = |name| Random::new(place.seed.draw(name, place.epoch, place.step));
        let (images, network) = (&batch.images, &self.network);
        let wanted = drawn_labels(stream("rater"), &batch.masks, &batch.present.raters);
        let prior = network.prior.forward(images, Mode::Train);
        let seen = Tensor::cat(&[images, &wanted], 1);
        let posterior = network.posterior.forward(&seen, Mode::Train);
        let noise = stream("latent").normals(&posterior.mean.size(), images.device());
        let features = network.features(images, Mode::Train);
        let made = network.segment(&features, &posterior.at(&noise));
        let segmentation = soft_cross_entropy(&made, &wanted);
        let divergence = posterior.divergence(&prior).mean(None);
        learn_bound(segmentation, divergence, self.loss.beta, self.sizes)
    }
}

impl Predictor for ProbUnet {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| {
            let features = self.network.features(images, Mode::Eval);
            let prior = self.network.prior.forward(images, Mode::Eval);
            let one = [1, i64::from(self.loss.latent)];
            let samples: Vec<Tensor> = (0..u64::from(self.loss.samples))
                .map(|sample| {
                    let random = Random::named(0, "samples").child(sample);
                    let noise = random.normals(&one, images.device());
                    self.network.segment(&features, &prior.at(&noise))
                })
                .collect();
            mean_of(Tensor::stack(&samples, 0))
        })
    }
}

impl Method for ProbUnet {}
