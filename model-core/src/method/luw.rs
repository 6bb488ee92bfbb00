//! LUW: several hypotheses (Rupprecht et al., "Learning in an uncertain world: representing ambiguity through multiple
//! hypotheses", ICCV 2017). Each step draws one present rater of each case; the hypothesis nearest to those masks learns
//! most, the others a little, so that they spread over what raters draw.
//!
//! ```text
//! ℓ_j = BCE(hypothesis j, drawn masks)                               a case
//! L   = (1 − ε) ℓ_best + ε/(J − 1) Σ_{j ≠ best} ℓ_j                  best: argmin over those that do not stand aside
//! ```

use mrprism_protocol::spec::{LuwLoss, OnBackbone, RunSpec, Seed};
use tch::{Device, Kind, Tensor};

use super::Method;
use crate::block::Mode;
use crate::draw::Random;
use crate::loss::{cross_entropy_by_map, drawn_labels};
use crate::network::{Sizes, Unet};
use crate::params::{Builder, Parameters};
use crate::predict::{Predicted, Predictor};
use crate::train::{Batch, Learner, LossTerm, Place};

/// The method.
#[derive(Debug)]
pub struct Luw {
    loss: LuwLoss,
    hypotheses: i64,
    structures: i64,
    network: Unet,
    parameters: Parameters,
}

impl Luw {
    /// Builds the network for the run's data and size.
    pub fn new(run: &RunSpec, spec: &OnBackbone<LuwLoss>, seed: Seed, device: Device) -> Self {
        let sizes = Sizes::of(run);
        let hypotheses = match spec.loss.hypotheses {
            0 => sizes.raters,
            count => i64::from(count),
        };
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let outputs = hypotheses * sizes.structures;
        Self {
            loss: spec.loss.clone(),
            hypotheses,
            structures: sizes.structures,
            network: Unet::new(&builder.root(), &spec.network, sizes.channels, outputs),
            parameters: builder.finish(),
        }
    }

    /// Shapes: images \[b, c, s, s\] → \[b, j, k, s, s\]
    fn hypotheses(&self, images: &Tensor, mode: Mode) -> Tensor {
        let maps = self.network.forward(images, mode).sigmoid();
        maps.unflatten(1, [self.hypotheses, self.structures])
    }
}

/// Each hypothesis' weight in the loss: 1 − ε for the nearest of those not `aside`, the rest shared by the others; of none
/// left, all are asked. Shapes: losses \[b, j\], `aside` b times j → \[b, j\]
pub fn winner_weights(losses: &Tensor, aside: &[Vec<bool>], share_of_others: f64) -> Tensor {
    let hypotheses = losses.size()[1];
    if hypotheses == 1 {
        return losses.ones_like();
    }
    let barred: Vec<f32> = aside
        .iter()
        .flat_map(|row| {
            let all = row.iter().all(|aside| *aside);
            row.iter()
                .map(move |aside| if *aside && !all { f32::INFINITY } else { 0.0 })
        })
        .collect();
    let barred = Tensor::from_slice(&barred)
        .to_device(losses.device())
        .view_as(losses);
    let best = (losses.detach() + barred).argmin(1, true);
    let other = share_of_others / (hypotheses - 1) as f64;
    losses
        .full_like(other)
        .scatter_value(1, &best, 1.0 - share_of_others)
}

impl Learner for Luw {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        let stream = |name| Random::new(place.seed.draw(name, place.epoch, place.step));
        let raters = &batch.present.raters;
        let wanted = drawn_labels(stream("rater"), &batch.masks, raters).unsqueeze(1);
        let maps = self.hypotheses(&batch.images, Mode::Train);
        let by_map = cross_entropy_by_map(&maps, &wanted.expand_as(&maps));
        let losses = by_map.mean_dim([2_i64].as_slice(), false, None::<Kind>);
        let draw = stream("aside");
        let aside: Vec<Vec<bool>> = (0..raters.len() as u64)
            .map(|case| {
                let number = |j| draw.child(case).uniform(j);
                (0..self.hypotheses as u64)
                    .map(|j| number(j) < self.loss.dropout)
                    .collect()
            })
            .collect();
        let weights = winner_weights(&losses, &aside, self.loss.share_of_others);
        let loss = (losses * weights)
            .sum_dim_intlist(1, false, None::<Kind>)
            .mean(None);
        loss.backward();
        vec![("loss", loss.detach())]
    }
}

impl Predictor for Luw {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| {
            let maps = self.hypotheses(images, Mode::Eval);
            let mean = maps.mean_dim([1_i64].as_slice(), false, None::<Kind>);
            Predicted::single(&mean).with_hypotheses(maps.transpose(0, 1))
        })
    }
}

impl Method for Luw {}
