//! A plain U-Net: the shared backbone on the raters' majority or mean, what every other method is to be better than.

use mrprism_protocol::spec::{OnBackbone, RunSpec, Seed, TrainingLabels, UnetLoss};
use tch::{Device, Tensor};

use super::Method;
use crate::block::Mode;
use crate::loss::{joined_labels, soft_cross_entropy};
use crate::network::{Sizes, Unet};
use crate::params::{Builder, Parameters};
use crate::predict::{Predicted, Predictor};
use crate::train::{Batch, Learner, LossTerm, Place};

/// The method.
#[derive(Debug)]
pub struct PlainUnet {
    labels: TrainingLabels,
    network: Unet,
    parameters: Parameters,
}

impl PlainUnet {
    /// Builds the network for the run's data and size.
    pub fn new(run: &RunSpec, spec: &OnBackbone<UnetLoss>, seed: Seed, device: Device) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let network = Unet::new(
            &builder.root(),
            &spec.network,
            sizes.channels,
            sizes.structures,
        );
        Self {
            labels: spec.loss.labels,
            network,
            parameters: builder.finish(),
        }
    }
}

impl Learner for PlainUnet {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn accumulate(&self, batch: &Batch, _place: Place) -> Vec<LossTerm> {
        let probability = self.network.forward(&batch.images, Mode::Train).sigmoid();
        let wanted = joined_labels(self.labels, &batch.masks, &batch.present.raters);
        let loss = soft_cross_entropy(&probability, &wanted);
        loss.backward();
        vec![("loss", loss.detach())]
    }
}

impl Predictor for PlainUnet {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| Predicted::single(&self.network.forward(images, Mode::Eval).sigmoid()))
    }
}

impl Method for PlainUnet {}
