//! How predictions are made and scored.

use serde::{Deserialize, Serialize};

use crate::spelled::spelled_enum;

spelled_enum! {
    /// A family of references; `raters` and `leave_one_out` stand for one reference a rater.
    ReferenceFamily {
        /// [`super::Reference::Mean`].
        Mean = "mean",
        /// [`super::Reference::Majority`].
        Majority = "majority",
        /// [`super::Reference::Staple`].
        Staple = "staple",
        /// [`super::Reference::Arbitrated`]; skipped where the data set has none.
        Arbitrated = "arbitrated",
        /// [`super::Reference::Rater`], each.
        Raters = "raters",
        /// [`super::Reference::LeaveOneOut`], each, and the human row.
        LeaveOneOut = "leave_one_out",
    }
}

spelled_enum! {
    /// What is computed. A version stands in the score's name (`soft_dice@1`).
    Metric {
        /// Mean Dice over the thresholds 0.1, 0.3, 0.5, 0.7, 0.9 (paper 5.2.2).
        SoftDice = "soft_dice",
    }
}

/// The `[evaluation]` table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationSpec {
    /// ConP passes at inference: 4 give Rec0…Rec3.
    pub recurrences: u32,
    /// What predictions are scored against.
    pub references: Vec<ReferenceFamily>,
    /// What is computed.
    pub metrics: Vec<Metric>,
}
