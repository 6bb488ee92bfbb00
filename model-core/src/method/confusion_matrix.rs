//! CM: confusion matrices beside the network (Tanno et al., "Learning from noisy labels by regularized estimation of
//! annotator confusion", CVPR 2019; a matrix at every pixel: Zhang et al., "Disentangling human error from the ground truth
//! in segmentation of medical images", `NeurIPS` 2020).
//!
//! q is the network's pair (background, foreground) at a pixel, `A_ij` the probability that a rater says j of what is i.
//!
//! ```text
//! A^m = softplus(ρ^m), rows divided by their sum             ρ begins as 6·I − 5, A near the identity
//! p̃^m = (A^m)ᵀ q
//! L = 1/M Σ_m NLL(p̃^m, z^m) + λ · mean trace(A^m)            λ = 0 for the first epochs
//! ```
//!
//! The trace is made small: of all matrices that explain the raters, those far from the identity leave the network the
//! least noise. `confusion = "pixelwise"` tells ρ from the backbone's last map; its matrix is a number of the image, so none is
//! reported for a rater. One public port softmaxes p̃ again inside its loss; here it is the likelihood itself.

use mrprism_protocol::spec::{Confusion, ConfusionMatrixLoss, OnBackbone, RunSpec, Seed};
use tch::{Device, Kind, Tensor};

use super::{Learned, Method, learned};
use crate::block::{Conv, ConvConfig, ConvNormRelu, Mode};
use crate::draw::Random;
use crate::loss::multi_head;
use crate::network::{Sizes, Unet};
use crate::params::{Builder, Init, Parameters, Scope};
use crate::predict::{Predicted, Predictor};
use crate::train::{Batch, Learner, LossTerm, Place, detached};

/// ρ where the matrix is to be near the identity.
const START: Init = Init::Diagonal { on: 1.0, off: -5.0 };

/// Where ρ comes from.
#[derive(Debug)]
enum Source {
    /// \[m, k, 2, 2\].
    Global(Tensor),
    Pixelwise(Box<Told>),
}

/// ρ at every pixel, from the backbone's last map.
#[derive(Debug)]
struct Told {
    blocks: [ConvNormRelu; 4],
    last: Conv,
    start: Tensor,
    sizes: Sizes,
}

impl Told {
    /// Two double convolutions and a 1x1 convolution to four numbers a rater and structure. Names: `block1` … `block4`, `last`.
    fn new(scope: &Scope, width: i64, sizes: Sizes, device: Device) -> Self {
        let outputs = sizes.raters * sizes.structures * 4;
        let config = ConvConfig {
            bias: true,
            ..ConvConfig::same(width, outputs, 1, 1)
        };
        Self {
            blocks: std::array::from_fn(|at| {
                let scope = scope.sub(format!("block{}", at + 1));
                ConvNormRelu::new(&scope, ConvConfig::same(width, width, 3, 1))
            }),
            last: Conv::new(&scope.sub("last"), config),
            start: START
                .fill(Random::new(0), &[2, 2], device)
                .reshape([2, 2, 1, 1]),
            sizes,
        }
    }

    /// Shapes: \[b, 4w, s/2, s/2\] → \[b, m, k, 2, 2, s, s\]
    fn forward(&self, features: Tensor, mode: Mode) -> Tensor {
        let Sizes {
            raters,
            structures,
            side,
            ..
        } = self.sizes;
        let blocks = self.blocks.iter();
        let x = blocks.fold(features, |x, block| block.forward(&x, mode));
        let maps = self.last.forward(&x);
        let wide = maps.upsample_bilinear2d([side, side], false, None, None);
        wide.unflatten(1, [raters, structures, 2, 2]) + &self.start
    }
}

/// `A_01` and `A_11`: the probabilities that raters mark what is background, and what is foreground. Both \[1 or b, m, k, 1 or
/// s, 1 or s\].
#[derive(Debug)]
pub struct Marking {
    /// Of background.
    pub background: Tensor,
    /// Of foreground.
    pub foreground: Tensor,
}

impl Marking {
    /// From ρ with its 2x2 as third and fourth axis. Shapes: \[1 or b, m, k, 2, 2, 1 or s, 1 or s\]
    pub fn of(rho: &Tensor) -> Self {
        let positive = rho.softplus();
        let rows = &positive / positive.sum_dim_intlist(4, true, None::<Kind>);
        let marked = rows.select(4, 1);
        Self {
            background: marked.select(3, 0),
            foreground: marked.select(3, 1),
        }
    }

    /// What raters are expected to mark. Shapes: q's foreground \[b, k, s, s\] → \[b, m, k, s, s\]
    pub fn heads(&self, foreground: &Tensor) -> Tensor {
        let q = foreground.unsqueeze(1);
        let rest: Tensor = q.neg() + 1.0;
        rest * &self.background + q * &self.foreground
    }

    /// The mean trace, `A_00 + A_11`.
    pub fn trace(&self) -> Tensor {
        ((&self.foreground - &self.background) + 1.0).mean(None)
    }
}

/// The method.
#[derive(Debug)]
pub struct ConfusionMatrix {
    loss: ConfusionMatrixLoss,
    network: Unet,
    source: Source,
    parameters: Parameters,
}

impl ConfusionMatrix {
    /// Builds the network for the run's data and size.
    pub fn new(
        run: &RunSpec,
        spec: &OnBackbone<ConfusionMatrixLoss>,
        seed: Seed,
        device: Device,
    ) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let root = builder.root();
        let network = Unet::new(&root, &spec.network, sizes.channels, sizes.structures);
        let scope = root.sub("confusion");
        let source = match spec.loss.confusion {
            Confusion::Global => {
                let shape = [sizes.raters, sizes.structures, 2, 2];
                Source::Global(scope.weight("rho", &shape, START))
            }
            Confusion::Pixelwise => {
                let width = network.decoder.outputs();
                Source::Pixelwise(Box::new(Told::new(&scope, width, sizes, device)))
            }
        };
        Self {
            loss: spec.loss.clone(),
            network,
            source,
            parameters: builder.finish(),
        }
    }

    /// q's foreground, and how raters mark.
    fn forward(&self, images: &Tensor, mode: Mode) -> (Tensor, Marking) {
        let features = self.network.features(images, mode);
        let foreground = self.network.head.forward(&features).sigmoid();
        let rho = match &self.source {
            Source::Global(rho) => rho.unsqueeze(0).unsqueeze(-1).unsqueeze(-1),
            Source::Pixelwise(told) => told.forward(features, mode),
        };
        (foreground, Marking::of(&rho))
    }
}

impl Learner for ConfusionMatrix {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn prepares(&self, place: Place) -> bool {
        place.epoch < self.loss.warm_up_epochs
    }

    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        let (foreground, marking) = self.forward(&batch.images, Mode::Train);
        let heads = marking.heads(&foreground);
        let likelihood = multi_head(&heads, &batch.masks, &batch.present.raters);
        let trace = marking.trace();
        let weight = if self.prepares(place) {
            0.0
        } else {
            self.loss.trace
        };
        let loss = &likelihood + &trace * weight;
        loss.backward();
        detached([("loss", loss), ("l_raters", likelihood), ("trace", trace)])
    }
}

impl Predictor for ConfusionMatrix {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| {
            let (foreground, marking) = self.forward(images, Mode::Eval);
            Predicted::single(&foreground).with_heads(&marking.heads(&foreground))
        })
    }
}

impl Method for ConfusionMatrix {
    fn learned(&self) -> Vec<Learned> {
        let Source::Global(rho) = &self.source else {
            return Vec::new();
        };
        tch::no_grad(|| {
            let marking = Marking::of(&rho.unsqueeze(0).unsqueeze(-1).unsqueeze(-1));
            let of = |marked: &Tensor| marked.flatten(-3, -1).squeeze_dim(0);
            let missed = of(&(marking.foreground.neg() + 1.0));
            let mut found = learned::by_rater("confusion_01", &of(&marking.background));
            found.extend(learned::by_rater("confusion_10", &missed));
            found
        })
    }
}
