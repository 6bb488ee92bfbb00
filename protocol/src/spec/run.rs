//! A run's complete specification: nothing reads a default after this.

use serde::{Deserialize, Serialize};

use super::{CropOrigin, EvaluationSpec, MethodSpec, RaterIdentity, TrainingSpec};

/// The data set a run uses, as it was when the run was defined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetRef {
    /// Registered name.
    pub name: String,
    /// Manifest hash: a worker whose files differ refuses.
    pub manifest: String,
    /// M: number of raters.
    pub raters: u32,
    /// Whether a rater slot is always the same person.
    pub rater_identity: RaterIdentity,
    /// K: what is segmented, in channel order.
    pub structures: Vec<String>,
    /// Channels of the image.
    pub channels: u32,
    /// What the crop knows of the masks, where there is a crop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<CropOrigin>,
}

/// Everything that decides a run's result but its seed and fold. Immutable; stored whole and hashed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSpec {
    /// The data.
    pub dataset: DatasetRef,
    /// Side in pixels that images and masks are brought to.
    pub size: u32,
    /// The method and its parameters.
    pub method: MethodSpec,
    /// The optimisation.
    pub train: TrainingSpec,
    /// Prediction and scoring.
    pub evaluation: EvaluationSpec,
}
