//! Methods that learn, over all cases, how each rater errs.

use serde::{Deserialize, Serialize};

use super::on_backbone::LossTable;
use crate::spec::validate::Faults;
use crate::spelled::spelled_enum;

spelled_enum! {
    /// What a rater's crowd layer does to the two probabilities of a pixel, background and foreground.
    CrowdForm {
        /// A 2x2 matrix.
        Matrix = "matrix",
        /// A factor for each.
        Scale = "scale",
        /// A summand for each.
        Bias = "bias",
        /// Both.
        ScaleBias = "scale_bias",
    }
}

/// The crowd layer (CL).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrowdLayerLoss {
    /// What a rater's layer is.
    pub form: CrowdForm,
}

impl LossTable for CrowdLayerLoss {}

spelled_enum! {
    /// Where a rater's confusion matrix holds.
    Confusion {
        /// Everywhere (Tanno et al. 2019).
        Global = "global",
        /// At one pixel of one image, told from the image (Zhang et al. 2020).
        Pixelwise = "pixelwise",
    }
}

/// Confusion matrices beside the network (CM).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfusionMatrixLoss {
    /// Where a matrix holds.
    pub confusion: Confusion,
    /// λ: weight of the matrices' mean trace, which is made small.
    pub trace: f64,
    /// Epochs before λ counts.
    pub warm_up_epochs: u64,
}

impl LossTable for ConfusionMatrixLoss {
    fn check(&self, faults: &mut Faults) {
        faults.weight("loss.trace", self.trace);
    }
}

/// Expectation and maximisation round the network (`AggNet`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AggnetLoss {
    /// Epochs on the raters' mean before the first expectation.
    pub warm_up_epochs: u64,
    /// π₀: pixels of each kind that a rater is granted to have marked as often right as wrong.
    pub prior: f64,
}

impl LossTable for AggnetLoss {
    fn check(&self, faults: &mut Faults) {
        faults.refuse_unless(
            self.prior.is_finite() && self.prior > 0.0,
            "loss.prior",
            || format!("{}: give a number above 0, e.g. 1", self.prior),
        );
    }
}

spelled_enum! {
    /// How doctors are averaged when the network predicts.
    DoctorWeights {
        /// Alike, as in the paper's Table 1.
        Equal = "equal",
        /// As learned.
        Learned = "learned",
    }
}

/// A head for each doctor, averaged by learned weights (`WDNet`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WdnetLoss {
    /// What a prediction averages with.
    pub weights: DoctorWeights,
}

impl LossTable for WdnetLoss {}

/// Agreement of network and crowd in mutual information (`MaxMig`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaxmigLoss {
    /// Epochs on the majority before network and crowd meet.
    pub warm_up_epochs: u64,
    /// Pixels of a structure that a step compares; half of them where raters disagree.
    pub pixels: u32,
}

impl LossTable for MaxmigLoss {
    fn check(&self, faults: &mut Faults) {
        faults.refuse_unless((16..=8192).contains(&self.pixels), "loss.pixels", || {
            format!(
                "{}: give 16 to 8192 (every pixel is compared with every other: 1024 are a million pairs)",
                self.pixels
            )
        });
    }
}
