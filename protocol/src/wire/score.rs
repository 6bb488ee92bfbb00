//! Scores in long form.

use serde::{Deserialize, Serialize};

use crate::spec::{Output, Reference};

/// One number: output × recurrence × case × structure × reference × metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// What was scored. [`Output::Rater`] is the human row.
    pub output: Output,
    /// Rec number, from 0; none for the raters.
    pub recurrence: Option<u32>,
    /// Test case.
    pub case: String,
    /// Structure.
    pub structure: String,
    /// What it was scored against.
    pub reference: Reference,
    /// Name and version, e.g. `soft_dice@1`, `area@1` (share of the image above 0.5), `change@1` (mean |ŷᵢ − ŷᵢ₋₁|),
    /// `confidence_spread@1` (standard deviation of c over raters, averaged over pixels), `confidence@1` (mean c of the rater that
    /// stands as the reference, where a rater marks or the prediction does).
    pub metric: String,
    /// Fraction, unrounded.
    pub value: f64,
}
