//! MrPrism's losses and the state its recurrences begin in.

use serde::{Deserialize, Serialize};

use crate::spelled::spelled_enum;

spelled_enum! {
    /// Whose masks are fused into what ConP learns and DivP is measured by (docs/model.md, A2).
    Target {
        /// The raters' own, Eq. 5.
        Rater = "rater",
        /// DivP's maps with a straight-through threshold, Eq. 4.
        SelfFusion = "self",
    }
}

spelled_enum! {
    /// Where the shuffle loss compares labels and predictions.
    ShuffleForm {
        /// After fusing, as in Eq. 11 and 12.
        Fused = "fused",
        /// Before, rater by rater, as in the authors' code.
        PerRater = "per_head",
    }
}

spelled_enum! {
    /// The T of Eq. 12.
    ShuffleThreshold {
        /// None: P itself.
        Soft = "soft",
        /// 0.5, with the gradient of P.
        StraightThrough = "straight_through",
    }
}

spelled_enum! {
    /// What the shuffle loss teaches.
    ShuffleGradient {
        /// DivP's maps, under confidences that stand still.
        Heads = "heads",
        /// The confidences of the predictions' side too.
        Both = "both",
    }
}

spelled_enum! {
    /// What the starting confidences' mean μ is drawn for.
    InitialDraw {
        /// All raters and cases: one μ (Eq. 14).
        Shared = "shared",
        /// Every rater: a μ each, so that a step begins with trusting some more than others.
        PerRater = "per_rater",
    }
}

spelled_enum! {
    /// How the starting confidences are scaled before ConP sees them.
    InitialScale {
        /// As drawn, with mean about 0.5 (Eq. 14).
        Raw = "raw",
        /// Divided by their sum over raters, as later recurrences are.
        Normalised = "normalised",
    }
}

/// Losses (Eq. 8–13) and the first recurrence's confidences (Eq. 14, 15).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MrPrismLoss {
    /// Whose masks are fused into the target.
    pub target: Target,
    /// α: weight of the shuffle loss (paper: 0.3), 0 for none.
    pub shuffle: f64,
    /// Permutations of raters a recurrence, averaged (paper: 3).
    pub shuffle_permutations: u32,
    /// Where it compares.
    pub shuffle_form: ShuffleForm,
    /// Whether it thresholds predictions.
    pub shuffle_threshold: ShuffleThreshold,
    /// What it teaches.
    pub shuffle_gradient: ShuffleGradient,
    /// `α_MH`: weight of the multi-head loss (Eq. 9), 0 for none (0.3 in Table 4's rows).
    pub multi_head: f64,
    /// Side of SSIM's Gaussian window, odd.
    pub ssim_window: u32,
    /// σ of SSIM's Gaussian window in pixels.
    pub ssim_sigma: f64,
    /// Range of μ, the starting confidences' mean (paper: 0.1 to 0.9).
    pub initial_mean: [f64; 2],
    /// What μ is drawn for.
    pub initial_draw: InitialDraw,
    /// Standard deviation of the starting confidences' noise (paper: 0.2).
    pub initial_noise: f64,
    /// Side in pixels of the squares that share a number of the noise (paper: 1).
    pub initial_noise_cell: u32,
    /// How the starting confidences are scaled before ConP sees them.
    pub initial_scale: InitialScale,
}
