//! `WDNet`: a head for each doctor, averaged (Guan et al., "Who said what: modeling individual labelers improves
//! classification", AAAI 2018).
//!
//! ```text
//! L = 1/M Σ_m BCE(head m, z^m)                                trains the network
//! L_w = BCE(Σ_m a_m sg(head m), mean of z),  a = softmax(v)   trains v, M numbers a structure
//! ```
//!
//! The original learns v afterwards, the network frozen. Here v learns beside the network and never moves it: the minimum is
//! the same, and whichever weights validation chooses have the v that belongs to them. The paper's Table 1 takes all doctors
//! alike (a = 1/M), which is the default.

use mrprism_protocol::spec::{DoctorWeights, OnBackbone, RunSpec, Seed, TrainingLabels, WdnetLoss};
use tch::{Device, Kind, Tensor};

use super::{Learned, Method, learned};
use crate::block::Mode;
use crate::loss::{joined_labels, multi_head, soft_cross_entropy};
use crate::network::{Sizes, Unet};
use crate::params::{Builder, Init, Parameters};
use crate::predict::{Predicted, Predictor};
use crate::train::{Batch, Learner, LossTerm, Place, detached};

/// The method.
#[derive(Debug)]
pub struct Wdnet {
    weights: DoctorWeights,
    sizes: Sizes,
    network: Unet,
    /// v, \[m, k\].
    scores: Tensor,
    parameters: Parameters,
}

impl Wdnet {
    /// Builds the network for the run's data and size.
    pub fn new(run: &RunSpec, spec: &OnBackbone<WdnetLoss>, seed: Seed, device: Device) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let root = builder.root();
        let outputs = sizes.raters * sizes.structures;
        let shape = [sizes.raters, sizes.structures];
        Self {
            weights: spec.loss.weights,
            sizes,
            network: Unet::new(&root, &spec.network, sizes.channels, outputs),
            scores: root
                .sub("doctors")
                .weight("scores", &shape, Init::Constant(0.0)),
            parameters: builder.finish(),
        }
    }

    /// Shapes: images \[b, c, s, s\] → \[b, m, k, s, s\]
    fn heads(&self, images: &Tensor, mode: Mode) -> Tensor {
        let maps = self.network.forward(images, mode).sigmoid();
        maps.unflatten(1, [self.sizes.raters, self.sizes.structures])
    }

    /// a. Shapes: → \[m, k\]
    fn learned_weights(&self) -> Tensor {
        self.scores.softmax(0, None::<Kind>)
    }

    /// Heads averaged with a. Shapes: \[b, m, k, s, s\] → \[b, k, s, s\]
    fn averaged(&self, heads: &Tensor) -> Tensor {
        let weights = self.learned_weights().unsqueeze(-1).unsqueeze(-1);
        (heads * weights).sum_dim_intlist(1, false, None::<Kind>)
    }
}

impl Learner for Wdnet {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn accumulate(&self, batch: &Batch, _place: Place) -> Vec<LossTerm> {
        let heads = self.heads(&batch.images, Mode::Train);
        let raters = &batch.present.raters;
        let doctors = multi_head(&heads, &batch.masks, raters);
        let wanted = joined_labels(TrainingLabels::Mean, &batch.masks, raters);
        let weighing = soft_cross_entropy(&self.averaged(&heads.detach()), &wanted);
        let loss = &doctors + &weighing;
        loss.backward();
        detached([
            ("loss", loss),
            ("l_doctors", doctors),
            ("l_weights", weighing),
        ])
    }
}

impl Predictor for Wdnet {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| {
            let heads = self.heads(images, Mode::Eval);
            let prediction = match self.weights {
                DoctorWeights::Equal => heads.mean_dim([1_i64].as_slice(), false, None::<Kind>),
                DoctorWeights::Learned => self.averaged(&heads),
            };
            Predicted::single(&prediction).with_heads(&heads)
        })
    }
}

impl Method for Wdnet {
    fn learned(&self) -> Vec<Learned> {
        tch::no_grad(|| learned::by_rater("weight", &self.learned_weights()))
    }
}
