//! AG-Net (Zhang et al., "Attention guided network for retinal image segmentation", MICCAI 2019) on the raters' majority.
//!
//! ```text
//! ŷ = mean of the four side outputs          L = BCE(ŷ, y) + Σ over sides of BCE(side, y)
//! ```

use mrprism_protocol::spec::{OnBackbone, RunSpec, Seed, TrainingLabels, UnetLoss};
use tch::{Device, Tensor};

use super::Method;
use crate::block::Mode;
use crate::loss::{joined_labels, soft_cross_entropy};
use crate::network::{Agnet as Network, Sizes};
use crate::params::{Builder, Parameters};
use crate::predict::{Predicted, Predictor};
use crate::train::{Batch, Learner, LossTerm, Place, detached};

/// The method.
#[derive(Debug)]
pub struct Agnet {
    labels: TrainingLabels,
    network: Network,
    parameters: Parameters,
}

impl Agnet {
    /// Builds the network for the run's data and size.
    pub fn new(run: &RunSpec, spec: &OnBackbone<UnetLoss>, seed: Seed, device: Device) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let root = builder.root();
        Self {
            labels: spec.loss.labels,
            network: Network::new(&root, &spec.network, sizes.channels, sizes.structures),
            parameters: builder.finish(),
        }
    }

    /// The side outputs' probabilities and their mean.
    fn forward(&self, images: &Tensor, mode: Mode) -> (Vec<Tensor>, Tensor) {
        let logits = self.network.forward(images, mode);
        let sides: Vec<Tensor> = logits.iter().map(Tensor::sigmoid).collect();
        let sum = Tensor::stack(&sides, 0);
        let mean = sum.mean_dim([0_i64].as_slice(), false, None::<tch::Kind>);
        (sides, mean)
    }
}

impl Learner for Agnet {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn accumulate(&self, batch: &Batch, _place: Place) -> Vec<LossTerm> {
        let wanted = joined_labels(self.labels, &batch.masks, &batch.present.raters);
        let (sides, mean) = self.forward(&batch.images, Mode::Train);
        let of_mean = soft_cross_entropy(&mean, &wanted);
        let of_sides: Tensor = sides
            .iter()
            .map(|side| soft_cross_entropy(side, &wanted))
            .sum();
        let loss = &of_mean + &of_sides;
        loss.backward();
        detached([("loss", loss), ("l_mean", of_mean), ("l_sides", of_sides)])
    }
}

impl Predictor for Agnet {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| Predicted::single(&self.forward(images, Mode::Eval).1))
    }
}

impl Method for Agnet {}
