//! A plain U-Net, and the labels of methods that learn from one mask a case.

use serde::{Deserialize, Serialize};

use super::on_backbone::LossTable;
use crate::spelled::spelled_enum;

spelled_enum! {
    /// What a method that wants one mask a case is taught.
    TrainingLabels {
        /// Pixels that more than half of the present raters mark; ties to background.
        Majority = "majority",
        /// The share of present raters who mark the pixel.
        Mean = "mean",
    }
}

/// What a plain U-Net learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnetLoss {
    /// Its labels.
    pub labels: TrainingLabels,
}

impl LossTable for UnetLoss {}
