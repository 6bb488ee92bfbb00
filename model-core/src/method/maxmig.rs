//! `MaxMig`: network and crowd agree in mutual information (Cao et al., "Max-MIG: an information theoretic approach for
//! joint learning from crowds", ICLR 2019).
//!
//! h is the network's pair (background, foreground) at a pixel, g the crowd's: what the raters' marks alone say. π are the
//! classes' frequencies; i and j count the S pixels that a step compares.
//!
//! ```text
//! g = softmax(Σ_m W^m[·, z^m] + ln π)
//! R_ij = Σ_c h_c(x_i) g_c(z_j) / π_c
//! L = −mean_i (1 + ln R_ii) + mean_{i ≠ j} R_ij               the f-divergence of Kullback and Leibler
//! ```
//!
//! Both sides could agree on the two classes exchanged. So the network first learns the majority for some epochs, and W
//! begins as ln(confusion with the majority + 1e-4), counted meanwhile; `tests/all/crowd.rs` holds that polarity.

use mrprism_protocol::spec::{MaxmigLoss, OnBackbone, RunSpec, Seed, TrainingLabels};
use tch::{Device, Kind, Tensor};

use super::{Learned, Method, learned};
use crate::block::Mode;
use crate::draw::Random;
use crate::loss::{joined_labels, soft_cross_entropy};
use crate::network::{Sizes, Unet};
use crate::params::{Builder, Init, Parameters, Scope};
use crate::predict::{Predicted, Predictor};
use crate::train::{Batch, Learner, LossTerm, Place};

/// What is added to the first confusions before their logarithm.
const FLOOR: f64 = 1e-4;
/// Class frequencies are kept this far from 0 and 1.
const RAREST: f64 = 1e-3;
/// Nobody is surer than this when network and raters are multiplied.
const CERTAIN: f64 = 1e-6;

/// The crowd's side: W, and what was counted in the first epochs.
#[derive(Debug)]
pub struct CrowdAggregator {
    /// W, \[m, k, 2, 2\]: class, then what the rater says.
    weights: Tensor,
    /// Pixels by class of the majority and what the rater says, \[m, k, 2, 2\].
    counts: Tensor,
    /// The share of pixels that the majority marks, \[k\].
    frequency: Tensor,
}

impl CrowdAggregator {
    /// Names: `weights`, `counts`, `frequency`.
    pub fn new(scope: &Scope, raters: i64, structures: i64) -> Self {
        let shape = [raters, structures, 2, 2];
        Self {
            weights: scope.weight("weights", &shape, Init::Constant(0.0)),
            counts: scope.buffer("counts", &shape, 0.0),
            frequency: scope.buffer("frequency", &[structures], 0.5),
        }
    }

    /// Counts a batch. Shapes: majority \[b, k, s, s\], masks \[b, m, k, s, s\], present \[b, m, 1, 1, 1\] or none
    pub fn count(&self, majority: &Tensor, masks: &Tensor, present: Option<&Tensor>) {
        let opposite = |maps: &Tensor| -> Tensor { maps.neg() + 1.0 };
        let majority = majority.unsqueeze(1);
        let of = |class: &Tensor, said: &Tensor| {
            let both = class * said;
            let counted = match present {
                Some(present) => both * present,
                None => both,
            };
            counted.sum_dim_intlist([0_i64, 3, 4].as_slice(), false, None::<Kind>)
        };
        let (rest, unmarked) = (opposite(&majority), opposite(masks));
        let rows = [
            Tensor::stack(&[of(&rest, &unmarked), of(&rest, masks)], -1),
            Tensor::stack(&[of(&majority, &unmarked), of(&majority, masks)], -1),
        ];
        let _ = self.counts.shallow_clone().g_add_(&Tensor::stack(&rows, 2));
    }

    /// Sets W and π from what was counted.
    pub fn begin(&self) {
        let by_class = self.counts.sum_dim_intlist(3, true, None::<Kind>);
        let confusion = &self.counts / by_class.clamp_min(1.0);
        let mut weights = self.weights.shallow_clone();
        weights.copy_(&(confusion + FLOOR).log());
        let pixels = by_class
            .squeeze_dim(3)
            .sum_dim_intlist(0, false, None::<Kind>);
        let share = pixels.select(1, 1)
            / pixels
                .sum_dim_intlist(1, false, None::<Kind>)
                .clamp_min(1.0);
        let mut frequency = self.frequency.shallow_clone();
        frequency.copy_(&share.clamp(RAREST, 1.0 - RAREST));
    }

    /// g's foreground. Shapes: masks \[b, m, k, s, s\], present \[b, m, 1, 1, 1\] or none → \[b, k, s, s\]
    pub fn foreground(&self, masks: &Tensor, present: Option<&Tensor>) -> Tensor {
        let row = self.weights.select(2, 1) - self.weights.select(2, 0);
        let of = |said| row.select(2, said).unsqueeze(-1).unsqueeze(-1);
        let said = masks * (of(1) - of(0)) + of(0);
        let counted = match present {
            Some(present) => said * present,
            None => said,
        };
        let prior = (&self.frequency / (self.frequency.neg() + 1.0)).log();
        let prior = prior.unsqueeze(-1).unsqueeze(-1);
        (counted.sum_dim_intlist(1, false, None::<Kind>) + prior).sigmoid()
    }
}

/// −MIG of chosen pixels. Shapes: foregrounds h, g \[k, S\], `frequency` \[k\] → a scalar, the mean over structures
pub fn negative_information(h: &Tensor, g: &Tensor, frequency: &Tensor) -> Tensor {
    let opposite = |numbers: &Tensor| -> Tensor { numbers.neg() + 1.0 };
    let pair = |foreground: &Tensor| {
        Tensor::stack(&[opposite(foreground), foreground.shallow_clone()], -1)
    };
    let ratio = pair(h).matmul(&(pair(g) / pair(frequency).unsqueeze(1)).transpose(1, 2));
    let count = h.size()[1] as f64;
    let own = ratio.diagonal(0, 1, 2);
    let all = ratio.sum_dim_intlist([1_i64, 2].as_slice(), false, None::<Kind>);
    let others = (all - own.sum_dim_intlist(1, false, None::<Kind>)) / (count * (count - 1.0));
    let agreement =
        (own.clamp_min(1e-6).log() + 1.0).mean_dim([1_i64].as_slice(), false, None::<Kind>);
    (others - agreement).mean(None)
}

/// Positions of `count` pixels a structure, half of them where present raters disagree as far as there are such.
/// Shapes: `disagree` \[b, k, s, s\] of 0 and 1 → \[k, count\], positions in (b, s, s)
pub fn chosen_pixels(random: Random, disagree: &Tensor, count: i64) -> Tensor {
    let flat = disagree.transpose(0, 1).flatten(1, -1);
    let count = count.min(flat.size()[1]);
    let draw = |stream: u64| {
        let numbers = random
            .child(stream)
            .uniforms(flat.numel() as i64, flat.device());
        numbers.to_kind(Kind::Float).view_as(&flat)
    };
    let (_, first) = (draw(0) + &flat).topk(count / 2, 1, true, true);
    let rest = draw(1).scatter_value(1, &first, -1.0);
    let (_, second) = rest.topk(count - count / 2, 1, true, true);
    Tensor::cat(&[first, second], 1)
}

/// The method.
#[derive(Debug)]
pub struct Maxmig {
    loss: MaxmigLoss,
    network: Unet,
    crowd: CrowdAggregator,
    parameters: Parameters,
}

impl Maxmig {
    /// Builds the network for the run's data and size.
    pub fn new(run: &RunSpec, spec: &OnBackbone<MaxmigLoss>, seed: Seed, device: Device) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let root = builder.root();
        Self {
            loss: spec.loss.clone(),
            network: Unet::new(&root, &spec.network, sizes.channels, sizes.structures),
            crowd: CrowdAggregator::new(&root.sub("crowd"), sizes.raters, sizes.structures),
            parameters: builder.finish(),
        }
    }

    fn information(&self, p: &Tensor, batch: &Batch, place: Place) -> Tensor {
        let (masks, present) = (&batch.masks, batch.present.weights.as_ref());
        let mean = joined_labels(TrainingLabels::Mean, masks, &batch.present.raters);
        let disagree = mean.gt(0.0).logical_and(&mean.lt(1.0)).to_kind(Kind::Float);
        let random = Random::new(place.seed.draw("pixels", place.epoch, place.step));
        let chosen = chosen_pixels(random, &disagree, i64::from(self.loss.pixels));
        let of = |maps: &Tensor| {
            maps.transpose(0, 1)
                .flatten(1, -1)
                .gather(1, &chosen, false)
        };
        let g = self.crowd.foreground(masks, present);
        negative_information(&of(p), &of(&g), &self.crowd.frequency)
    }
}

impl Learner for Maxmig {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn prepares(&self, place: Place) -> bool {
        place.epoch < self.loss.warm_up_epochs
    }

    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        let warm_up = self.prepares(place);
        let meets = place.epoch == self.loss.warm_up_epochs && place.begins_epoch();
        let p = self.network.forward(&batch.images, Mode::Train).sigmoid();
        let majority = tch::no_grad(|| {
            let labels = TrainingLabels::Majority;
            let majority = joined_labels(labels, &batch.masks, &batch.present.raters);
            // Without a warm-up the first batch has to do.
            if warm_up || place.epoch == 0 && meets {
                let present = batch.present.weights.as_ref();
                self.crowd.count(&majority, &batch.masks, present);
            }
            if meets {
                self.crowd.begin();
            }
            majority
        });
        let loss = if warm_up {
            soft_cross_entropy(&p, &majority)
        } else {
            self.information(&p, batch, place)
        };
        loss.backward();
        vec![("loss", loss.detach())]
    }
}

impl Predictor for Maxmig {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| Predicted::single(&self.network.forward(images, Mode::Eval).sigmoid()))
    }
}

/// The aggregated forecaster: of each class, ζ ∝ h g / π, so that the class frequency counts once although both sides know it.
/// Shapes: foregrounds h, g \[b, k, s, s\], `frequency` \[k\] → \[b, k, s, s\]
pub fn forecast(h: &Tensor, g: &Tensor, frequency: &Tensor) -> Tensor {
    let odds = |p: &Tensor| -> Tensor {
        let p = p.clamp(CERTAIN, 1.0 - CERTAIN);
        (&p / (p.neg() + 1.0)).log()
    };
    let prior = odds(frequency).unsqueeze(-1).unsqueeze(-1);
    (odds(h) + odds(g) - prior).sigmoid()
}

impl Method for Maxmig {
    fn fuse(&self, case: &Batch) -> Option<Tensor> {
        let fused = tch::no_grad(|| {
            let h = self.network.forward(&case.images, Mode::Eval).sigmoid();
            let g = self
                .crowd
                .foreground(&case.masks, case.present.weights.as_ref());
            forecast(&h, &g, &self.crowd.frequency)
        });
        Some(fused.squeeze_dim(0))
    }

    fn learned(&self) -> Vec<Learned> {
        tch::no_grad(|| {
            let rates = self.crowd.weights.softmax(3, None::<Kind>);
            let entry = |class, said| rates.select(3, said).select(2, class);
            let mut found = learned::by_rater("confusion_01", &entry(0, 1));
            found.extend(learned::by_rater("confusion_10", &entry(1, 0)));
            found
        })
    }
}
