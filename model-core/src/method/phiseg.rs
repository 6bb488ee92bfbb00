//! `PHiSeg` (Baumgartner et al., MICCAI 2019): latent maps on five grids decide, coarse to fine, which opinion is drawn.
//!
//! ```text
//! y: the masks of one present rater of each case, drawn; z_5 … z_1 drawn from the posterior
//! L = Σ_l BCE(level l, y) + β/(K s²) · Σ_l 4^(l−1) KL(q_l ‖ p_l)         l = 1 is the finest
//! ```
//!
//! A coarser map has a quarter of the pixels, which 4^(l−1) makes up for, as in the published code. BCE is a mean over pixels
//! where the original sums, so KL is divided by their number. A prediction is the mean over samples of the prior, the samples
//! are its hypotheses; their ε are the same for every case.

use mrprism_protocol::spec::{LatentLoss, OnBackbone, RunSpec, Seed};
use tch::{Device, Kind, Tensor};

use super::Method;
use super::latent::{learn_bound, mean_of};
use crate::block::Mode;
use crate::draw::Random;
use crate::loss::{drawn_labels, soft_cross_entropy};
use crate::network::{Gaussian, LEVELS, Phiseg as Network, Sizes};
use crate::params::{Builder, Parameters};
use crate::predict::{Predicted, Predictor};
use crate::train::{Batch, Learner, LossTerm, Place};

/// The method.
#[derive(Debug)]
pub struct Phiseg {
    loss: LatentLoss,
    sizes: Sizes,
    network: Network,
    parameters: Parameters,
}

impl Phiseg {
    /// Builds the network for the run's data and size.
    pub fn new(run: &RunSpec, spec: &OnBackbone<LatentLoss>, seed: Seed, device: Device) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let latent = i64::from(spec.loss.latent);
        Self {
            loss: spec.loss.clone(),
            sizes,
            network: Network::new(&builder.root(), &spec.network, sizes, latent),
            parameters: builder.finish(),
        }
    }
}

/// Σ 4^(l−1) KL(q ‖ p) over levels, coarse first, the mean over cases.
pub fn weighted_divergence(levels: &[(Gaussian, Gaussian)]) -> Tensor {
    let each = levels
        .iter()
        .rev()
        .zip(0..)
        .map(|((q, p), finer)| q.divergence(p).mean(None::<Kind>) * 4.0_f64.powi(finer));
    each.sum()
}

impl Learner for Phiseg {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        let stream = |name| Random::new(place.seed.draw(name, place.epoch, place.step));
        let images = &batch.images;
        let wanted = drawn_labels(stream("rater"), &batch.masks, &batch.present.raters);
        let latent = stream("latent");
        let walked = self.network.walk(images, &wanted, |level, shape| {
            latent.child(level as u64).normals(shape, images.device())
        });
        let levels = self.network.segment(&walked.latents, Mode::Train);
        let segmentation: Tensor = levels
            .iter()
            .map(|level| soft_cross_entropy(level, &wanted))
            .sum();
        let divergence = weighted_divergence(&walked.distributions);
        learn_bound(segmentation, divergence, self.loss.beta, self.sizes)
    }
}

impl Predictor for Phiseg {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| {
            let taps = self.network.taps(images);
            debug_assert_eq!(taps.len(), LEVELS, "a tap a level");
            let samples: Vec<Tensor> = (0..u64::from(self.loss.samples))
                .map(|sample| {
                    let random = Random::named(0, "samples").child(sample);
                    self.network.draw(&taps, |level, shape| {
                        let mut one = shape.to_vec();
                        one[0] = 1;
                        random.child(level as u64).normals(&one, images.device())
                    })
                })
                .collect();
            mean_of(Tensor::stack(&samples, 0))
        })
    }
}

impl Method for Phiseg {}
