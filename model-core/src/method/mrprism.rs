//! MrPrism's training step (paper Eq. 13–15; docs/model.md, training step) and its prediction.
//!
//! b batch, m raters, k structures, s side; sg stops the gradient; i counts recurrences.
//!
//! ```text
//! w, t ← initial confidences and target            (14), (15)
//! F ← Encoder(x), once
//! for i in 1…τ:
//!     ŷ ← σ(ConP(F, sg(w)))       P ← σ(DivP(sg(ŷ)))       c ← P / ΣP        s ← Σ_m c^m z^m      (5)
//!     L_con ← Σ_k 1 − SSIM(ŷ, sg(t))                       trains ConP and the encoder            (8)
//!     L_div ← Σ_k 1 − SSIM(s, sg(ŷ))                       trains DivP, through c                 (8)
//!     L_shf ← shuffle loss                                 trains DivP, through P                 (10)–(12)
//!     backward of L_con + L_div + α L_shf                  nothing crosses recurrences            (13)
//!     t ← sg(s),  w ← sg(c ⊙ P)
//! backward through the encoder, once
//! ```
//!
//! ConP works on leaf copies of F whose gradients gather over the recurrences: the same sum as one backward of (13), at a
//! third of the memory.

use mrprism_protocol::spec::{MrPrismSpec, RunSpec, Seed};
use tch::{Device, Kind, Tensor};

use super::Method;
use crate::block::{Features, Mode, backward_from, confidences, fuse, leaf};
use crate::draw::Random;
use crate::loss::{Ssim, dissimilarity, initial, permutations, shuffle};
use crate::network::mrprism::{Network, Sizes};
use crate::params::{Builder, Parameters};
use crate::parts::{Part, mark};
use crate::predict::{Pass, Predicted, Predictor, passes};
use crate::train::{Batch, Learner, LossTerm, Place};

/// The streams a step draws from.
#[derive(Debug, Clone, Copy)]
pub struct Draws {
    /// Initial confidences.
    pub initial: Random,
    /// Permutations; child stream i is recurrence i's.
    pub shuffle: Random,
}

/// The method.
#[derive(Debug)]
pub struct MrPrism {
    spec: MrPrismSpec,
    sizes: Sizes,
    network: Network,
    parameters: Parameters,
    ssim: Ssim,
}

impl MrPrism {
    /// Builds the network for the run's data and size.
    pub fn new(run: &RunSpec, spec: &MrPrismSpec, seed: Seed, device: Device) -> Self {
        let sizes = Sizes {
            raters: i64::from(run.dataset.raters),
            structures: run.dataset.structures.len() as i64,
            channels: i64::from(run.dataset.channels),
            side: i64::from(run.size),
        };
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let network = Network::new(&builder.root(), &spec.network, sizes);
        let ssim = Ssim::new(spec.loss.ssim_window, spec.loss.ssim_sigma, device);
        Self {
            spec: spec.clone(),
            sizes,
            network,
            parameters: builder.finish(),
            ssim,
        }
    }

    /// One step's losses and gradients with these draws: (13) summed over the recurrences, then its parts.
    pub fn gradients(&self, batch: &Batch, draws: Draws) -> Vec<LossTerm> {
        let start = initial(
            &self.spec.loss,
            draws.initial,
            &batch.masks,
            batch.present.weights.as_ref(),
        );
        mark(Part::Losses);
        let features = self.network.encoder.forward(&batch.images, Mode::Train);
        mark(Part::EncoderForward);
        let leaves = features.leaves();
        let (mut asking, mut target) = (start.confidences, start.target);
        let mut sums =
            [0, 1, 2, 3].map(|_| Tensor::zeros([], (Kind::Float, batch.images.device())));
        for i in 0..self.spec.network.recurrences {
            let done = self.recurrence(
                &leaves,
                &asking,
                &target,
                batch,
                draws.shuffle.child(u64::from(i)),
            );
            for (sum, loss) in sums.iter_mut().zip(&done.losses) {
                *sum = &*sum + loss.detach();
            }
            (asking, target) = (done.asking, done.target);
        }
        features.backward_from(&leaves);
        mark(Part::EncoderBackward);
        ["loss", "l_con", "l_div", "l_shf"]
            .into_iter()
            .zip(sums)
            .collect()
    }

    fn recurrence(
        &self,
        leaves: &Features,
        asking: &Tensor,
        target: &Tensor,
        batch: &Batch,
        deal: Random,
    ) -> Recurrence {
        let Batch { masks, present, .. } = batch;
        let made = self.network.pass(leaves, asking, Mode::Train);
        // Cut, so that losses, DivP and ConP are gone back through one after the other.
        let (segmentation, heads) = (leaf(&made.0), leaf(&made.1));
        let c = confidences(&heads, present.weights.as_ref());
        let fused = fuse(&c, masks);
        let count = u64::from(self.spec.loss.shuffle_permutations);
        let dealt = permutations(deal, count, &present.raters);
        let converging = dissimilarity(&self.ssim, &segmentation, target);
        let diverging = dissimilarity(&self.ssim, &fused, &segmentation.detach());
        let shuffled = shuffle(&dealt, &c, &heads, masks, &present.raters);
        let loss = &converging + &diverging + &shuffled * self.spec.loss.shuffle;
        loss.backward();
        mark(Part::Losses);
        backward_from([(&made.1, &heads)]);
        mark(Part::Divp);
        backward_from([(&made.0, &segmentation)]);
        mark(Part::Conp);
        Recurrence {
            losses: [loss, converging, diverging, shuffled],
            target: fused.detach(),
            asking: (c * heads).detach(),
        }
    }

    /// The network, for those who look inside.
    pub fn network(&self) -> &Network {
        &self.network
    }
}

/// What one recurrence found: the whole loss and its parts, and what the next one begins with.
struct Recurrence {
    losses: [Tensor; 4],
    target: Tensor,
    asking: Tensor,
}

impl Learner for MrPrism {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        let stream = |name| Random::new(place.seed.draw(name, place.epoch, place.step));
        self.gradients(
            batch,
            Draws {
                initial: stream("initial"),
                shuffle: stream("shuffle"),
            },
        )
    }
}

impl Predictor for MrPrism {
    fn predict(&self, images: &Tensor, count: u32) -> Predicted {
        let Sizes {
            raters,
            structures,
            side,
            ..
        } = self.sizes;
        let options = (Kind::Float, images.device());
        let start = Tensor::full(
            [images.size()[0], raters, structures, side, side],
            1.0 / raters as f64,
            options,
        );
        let features = tch::no_grad(|| self.network.encoder.forward(images, Mode::Eval));
        passes(start, count, |asking| {
            let (prediction, heads) = self.network.pass(&features, asking, Mode::Eval);
            let confidences = confidences(&heads, None);
            let next = &confidences * &heads;
            Pass {
                prediction,
                heads,
                confidences,
                next,
            }
        })
    }
}

impl Method for MrPrism {
    fn chosen_recurrence(&self) -> u32 {
        self.spec.network.recurrences.saturating_sub(1)
    }

    fn warnings(&self) -> Vec<String> {
        if self.sizes.raters > 1 {
            return Vec::new();
        }
        vec![
            "the data have one rater: the shuffle loss is 0 and every confidence is 1, so nothing is calibrated".to_owned(),
        ]
    }
}
