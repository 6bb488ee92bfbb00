//! CL: the crowd layer (Rodrigues & Pereira, "Deep learning from crowds", AAAI 2018). Each rater has a small linear map
//! behind the network, which explains that rater's errors; the network in front of it is left with what all share.
//!
//! q is the network's pair (background, foreground) at a pixel.
//!
//! ```text
//! r^m = Q^m q                                Q^m begins as the identity; no bias
//! L = 1/M Σ_m CE(softmax(r^m), z^m)          r^m are taken as logits though q are probabilities, as published
//! ```
//!
//! Of two classes the softmax needs only r₁ − r₀. `form` gives the published variants: a factor (VW), a summand (VB) or both
//! for each class in place of the matrix (MW). Predictions are q's foreground: the layer is dropped.

use mrprism_protocol::spec::{CrowdForm, CrowdLayerLoss, OnBackbone, RunSpec, Seed};
use tch::{Device, Tensor};

use super::{Learned, Method, learned};
use crate::block::Mode;
use crate::loss::multi_head_of_logits;
use crate::network::{Sizes, Unet};
use crate::params::{Builder, Init, Parameters, Scope};
use crate::predict::{Predicted, Predictor};
use crate::train::{Batch, Learner, LossTerm, Place};

/// The raters' maps.
#[derive(Debug)]
pub struct Crowd {
    /// Q, \[m, k, 2, 2\].
    matrix: Option<Tensor>,
    /// \[m, k, 2\], by class.
    factors: Option<Tensor>,
    /// \[m, k, 2\], by class.
    summands: Option<Tensor>,
}

impl Crowd {
    /// Names: `matrix`, `factors`, `summands`, those that `form` has.
    pub fn new(scope: &Scope, form: CrowdForm, raters: i64, structures: i64) -> Self {
        let pair =
            |name, value| scope.weight(name, &[raters, structures, 2], Init::Constant(value));
        let identity = Init::Diagonal { on: 1.0, off: 0.0 };
        let has = |forms: [CrowdForm; 2]| forms.contains(&form);
        Self {
            matrix: (form == CrowdForm::Matrix)
                .then(|| scope.weight("matrix", &[raters, structures, 2, 2], identity)),
            factors: has([CrowdForm::Scale, CrowdForm::ScaleBias]).then(|| pair("factors", 1.0)),
            summands: has([CrowdForm::Bias, CrowdForm::ScaleBias]).then(|| pair("summands", 0.0)),
        }
    }

    /// r₁ − r₀. Shapes: q's foreground \[b, k, s, s\] → \[b, m, k, s, s\]
    pub fn logits(&self, foreground: &Tensor) -> Tensor {
        let foreground = foreground.unsqueeze(1);
        let background: Tensor = foreground.neg() + 1.0;
        // From [m, k, 2] (by class of q) to [m, k, 1, 1].
        let of = |pair: &Tensor, class| pair.select(-1, class).unsqueeze(-1).unsqueeze(-1);
        let linear = match (&self.matrix, &self.factors) {
            (Some(matrix), _) => {
                let row = matrix.select(2, 1) - matrix.select(2, 0);
                foreground * of(&row, 1) + background * of(&row, 0)
            }
            (None, Some(factors)) => foreground * of(factors, 1) - background * of(factors, 0),
            (None, None) => foreground - background,
        };
        match &self.summands {
            Some(summands) => linear + of(summands, 1) - of(summands, 0),
            None => linear,
        }
    }

    fn learned(&self) -> Vec<Learned> {
        let mut found = Vec::new();
        if let Some(matrix) = &self.matrix {
            let entry = |row, column| matrix.select(3, column).select(2, row);
            found.extend(learned::by_rater("crowd_00", &entry(0, 0)));
            found.extend(learned::by_rater("crowd_01", &entry(0, 1)));
            found.extend(learned::by_rater("crowd_10", &entry(1, 0)));
            found.extend(learned::by_rater("crowd_11", &entry(1, 1)));
        }
        if let Some(factors) = &self.factors {
            found.extend(learned::by_rater("crowd_factor_0", &factors.select(2, 0)));
            found.extend(learned::by_rater("crowd_factor_1", &factors.select(2, 1)));
        }
        if let Some(summands) = &self.summands {
            found.extend(learned::by_rater("crowd_summand_0", &summands.select(2, 0)));
            found.extend(learned::by_rater("crowd_summand_1", &summands.select(2, 1)));
        }
        found
    }
}

/// The method.
#[derive(Debug)]
pub struct CrowdLayer {
    network: Unet,
    crowd: Crowd,
    parameters: Parameters,
}

impl CrowdLayer {
    /// Builds the network for the run's data and size.
    pub fn new(
        run: &RunSpec,
        spec: &OnBackbone<CrowdLayerLoss>,
        seed: Seed,
        device: Device,
    ) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let root = builder.root();
        let (raters, structures) = (sizes.raters, sizes.structures);
        Self {
            network: Unet::new(&root, &spec.network, sizes.channels, structures),
            crowd: Crowd::new(&root.sub("crowd"), spec.loss.form, raters, structures),
            parameters: builder.finish(),
        }
    }
}

impl Learner for CrowdLayer {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn accumulate(&self, batch: &Batch, _place: Place) -> Vec<LossTerm> {
        let foreground = self.network.forward(&batch.images, Mode::Train).sigmoid();
        let logits = self.crowd.logits(&foreground);
        let loss = multi_head_of_logits(&logits, &batch.masks, &batch.present.raters);
        loss.backward();
        vec![("loss", loss.detach())]
    }
}

impl Predictor for CrowdLayer {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| {
            let foreground = self.network.forward(images, Mode::Eval).sigmoid();
            let heads = self.crowd.logits(&foreground).sigmoid();
            Predicted::single(&foreground).with_heads(&heads)
        })
    }
}

impl Method for CrowdLayer {
    fn learned(&self) -> Vec<Learned> {
        tch::no_grad(|| self.crowd.learned())
    }
}
