//! UECNN: labels are sampled (Jensen et al., "Improving uncertainty estimation in convolutional neural networks using
//! inter-rater agreement", MICCAI 2019). Every step shows one present rater of each case, drawn anew; over many steps the
//! network comes to say how many of them mark a pixel.

use mrprism_protocol::spec::{OnBackbone, RunSpec, Seed, UecnnLoss};
use tch::{Device, Tensor};

use super::Method;
use crate::block::Mode;
use crate::draw::Random;
use crate::loss::{drawn_labels, soft_cross_entropy};
use crate::network::{Sizes, Unet};
use crate::params::{Builder, Parameters};
use crate::predict::{Predicted, Predictor};
use crate::train::{Batch, Learner, LossTerm, Place};

/// The method.
#[derive(Debug)]
pub struct Uecnn {
    network: Unet,
    parameters: Parameters,
}

impl Uecnn {
    /// Builds the network for the run's data and size.
    pub fn new(run: &RunSpec, spec: &OnBackbone<UecnnLoss>, seed: Seed, device: Device) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let root = builder.root();
        Self {
            network: Unet::new(&root, &spec.network, sizes.channels, sizes.structures),
            parameters: builder.finish(),
        }
    }
}

impl Learner for Uecnn {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        let random = Random::new(place.seed.draw("rater", place.epoch, place.step));
        let wanted = drawn_labels(random, &batch.masks, &batch.present.raters);
        let probability = self.network.forward(&batch.images, Mode::Train).sigmoid();
        let loss = soft_cross_entropy(&probability, &wanted);
        loss.backward();
        vec![("loss", loss.detach())]
    }
}

impl Predictor for Uecnn {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| Predicted::single(&self.network.forward(images, Mode::Eval).sigmoid()))
    }
}

impl Method for Uecnn {}
