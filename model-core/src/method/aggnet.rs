//! `AggNet`: expectation and maximisation round the network (Albarqouni et al., IEEE TMI 2016; the aggregation is that of
//! Raykar et al., JMLR 2010). The original's multi-scale network and its re-weighted loss are left out: the backbone is shared.
//!
//! a rater's sensitivity, b its specificity, p the network's probability at a pixel, each for a structure.
//!
//! ```text
//! every step  E: logit μ = logit p + Σ_m z^m ln(a/(1 − b)) + (1 − z^m) ln((1 − a)/b)      p clamped to [1e-3, 1 − 1e-3]
//!                L = BCE(p, sg(μ))
//! every epoch M: a = (π₀ + Σ μ z)/(2π₀ + Σ μ),   b = (π₀ + Σ(1 − μ)(1 − z))/(2π₀ + Σ(1 − μ))
//! ```
//!
//! Sums run over the pixels of the last epoch as its steps saw them, so nothing is computed twice and no map is kept. In
//! the first epochs μ is the raters' mean; a and b follow it, and are there when the first expectation needs them.

use mrprism_protocol::spec::{AggnetLoss, OnBackbone, RunSpec, Seed, TrainingLabels};
use tch::{Device, Kind, Tensor};

use super::{Learned, Method, learned};
use crate::block::Mode;
use crate::loss::{joined_labels, soft_cross_entropy};
use crate::network::{Sizes, Unet};
use crate::params::{Builder, Parameters, Scope};
use crate::predict::{Predicted, Predictor};
use crate::train::{Batch, Learner, LossTerm, Place};

/// The network's probabilities are kept this far from 0 and 1 before raters speak.
const CLAMP: f64 = 1e-3;
/// What a rater is taken for where no epoch has been seen: right nine times of ten.
const UNSEEN: f64 = 0.9;

/// What is known of the raters, and the sums it is made of. All \[m, k\]; they move by counting, not by gradient.
#[derive(Debug)]
pub struct Raters {
    sensitivity: Tensor,
    specificity: Tensor,
    hits: Tensor,
    foreground: Tensor,
    rejections: Tensor,
    background: Tensor,
}

impl Raters {
    /// Names: `sensitivity`, `specificity` and the four sums.
    pub fn new(scope: &Scope, raters: i64, structures: i64) -> Self {
        let numbers = |name, value| scope.buffer(name, &[raters, structures], value);
        Self {
            sensitivity: numbers("sensitivity", UNSEEN),
            specificity: numbers("specificity", UNSEEN),
            hits: numbers("hits", 0.0),
            foreground: numbers("foreground", 0.0),
            rejections: numbers("rejections", 0.0),
            background: numbers("background", 0.0),
        }
    }

    /// E: the probability of foreground once the present raters have spoken.
    /// Shapes: p \[b, k, s, s\], masks \[b, m, k, s, s\], present \[b, m, 1, 1, 1\] or none where all are → \[b, k, s, s\]
    pub fn expect(&self, p: &Tensor, masks: &Tensor, present: Option<&Tensor>) -> Tensor {
        let at = |numbers: Tensor| numbers.unsqueeze(-1).unsqueeze(-1);
        let opposite = |numbers: &Tensor| -> Tensor { numbers.neg() + 1.0 };
        let (a, b) = (&self.sensitivity, &self.specificity);
        let marked = at((a / opposite(b)).log());
        let unmarked = at((opposite(a) / b).log());
        let said = masks * (marked - &unmarked) + unmarked;
        let counted = match present {
            Some(present) => said * present,
            None => said,
        };
        let p = p.clamp(CLAMP, 1.0 - CLAMP);
        let prior = (&p / opposite(&p)).log();
        (prior + counted.sum_dim_intlist(1, false, None::<Kind>)).sigmoid()
    }

    /// Counts a step's pixels towards the next M.
    pub fn count(&self, mu: &Tensor, masks: &Tensor, present: Option<&Tensor>) {
        let pixels =
            |maps: &Tensor| maps.sum_dim_intlist([0_i64, 3, 4].as_slice(), false, None::<Kind>);
        let mu = mu.unsqueeze(1);
        let (mu, rest) = match present {
            Some(present) => (&mu * present, (mu.neg() + 1.0) * present),
            None => (mu.expand_as(masks), (mu.neg() + 1.0).expand_as(masks)),
        };
        let unmarked: Tensor = masks.neg() + 1.0;
        let add = |sum: &Tensor, more: &Tensor| {
            let _ = sum.shallow_clone().g_add_(more);
        };
        add(&self.hits, &pixels(&(&mu * masks)));
        add(&self.foreground, &pixels(&mu));
        add(&self.rejections, &pixels(&(&rest * unmarked)));
        add(&self.background, &pixels(&rest));
    }

    /// M, from what was counted; the sums begin anew.
    pub fn maximise(&self, prior: f64) {
        let rate = |right: &Tensor, all: &Tensor| (right + prior) / (all + 2.0 * prior);
        let set = |held: &Tensor, found: &Tensor| held.shallow_clone().copy_(found);
        set(&self.sensitivity, &rate(&self.hits, &self.foreground));
        set(&self.specificity, &rate(&self.rejections, &self.background));
        for sum in [
            &self.hits,
            &self.foreground,
            &self.rejections,
            &self.background,
        ] {
            let _ = sum.shallow_clone().zero_();
        }
    }

    /// a and b.
    pub fn rates(&self) -> (&Tensor, &Tensor) {
        (&self.sensitivity, &self.specificity)
    }
}

/// The method.
#[derive(Debug)]
pub struct Aggnet {
    loss: AggnetLoss,
    network: Unet,
    raters: Raters,
    parameters: Parameters,
}

impl Aggnet {
    /// Builds the network for the run's data and size.
    pub fn new(run: &RunSpec, spec: &OnBackbone<AggnetLoss>, seed: Seed, device: Device) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let root = builder.root();
        Self {
            loss: spec.loss.clone(),
            network: Unet::new(&root, &spec.network, sizes.channels, sizes.structures),
            raters: Raters::new(&root.sub("raters"), sizes.raters, sizes.structures),
            parameters: builder.finish(),
        }
    }
}

impl Learner for Aggnet {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn prepares(&self, place: Place) -> bool {
        place.epoch < self.loss.warm_up_epochs
    }

    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        let (masks, present) = (&batch.masks, batch.present.weights.as_ref());
        let p = self.network.forward(&batch.images, Mode::Train).sigmoid();
        let mu = tch::no_grad(|| {
            if place.begins_epoch() && place.epoch > 0 {
                self.raters.maximise(self.loss.prior);
            }
            let mu = if self.prepares(place) {
                joined_labels(TrainingLabels::Mean, masks, &batch.present.raters)
            } else {
                self.raters.expect(&p.detach(), masks, present)
            };
            self.raters.count(&mu, masks, present);
            mu
        });
        let loss = soft_cross_entropy(&p.clamp(CLAMP, 1.0 - CLAMP), &mu);
        loss.backward();
        vec![("loss", loss.detach())]
    }
}

impl Predictor for Aggnet {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| Predicted::single(&self.network.forward(images, Mode::Eval).sigmoid()))
    }
}

impl Method for Aggnet {
    fn learned(&self) -> Vec<Learned> {
        let (a, b) = self.raters.rates();
        let mut found = learned::by_rater("sensitivity", a);
        found.extend(learned::by_rater("specificity", b));
        found
    }
}
