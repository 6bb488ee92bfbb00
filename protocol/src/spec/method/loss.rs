//! MrPrism's losses and the state its recurrences begin in.

use serde::{Deserialize, Serialize};

use crate::spec::validate::Faults;
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

spelled_enum! {
    /// What the authors' code does and the paper does not say, kept to see what it does (docs/model.md, "Defects").
    Defect {
        /// Training adds SSIM itself in place of 1 − SSIM (D1).
        SsimSimilarity = "ssim_similarity",
        /// SSIM sees ConP's logits in place of probabilities (D2).
        SsimLogits = "ssim_logits",
        /// Confidences are shares without ε: 0 / 0 where no head says anything (D15).
        ShareWithoutEpsilon = "share_without_epsilon",
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
    /// Defects of the authors' code that are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compat: Vec<Defect>,
}

impl MrPrismLoss {
    pub(super) fn check(&self, size: u32, faults: &mut Faults) {
        faults.weight("loss.shuffle", self.shuffle);
        faults.weight("loss.multi_head", self.multi_head);
        faults.refuse_unless(
            (1..=64).contains(&self.shuffle_permutations),
            "loss.shuffle_permutations",
            || format!("{}: give 1 to 64 (the paper: 3)", self.shuffle_permutations),
        );
        faults.refuse_unless(
            self.ssim_window % 2 == 1 && (3..=31).contains(&self.ssim_window),
            "loss.ssim_window",
            || format!("{}: give an odd side from 3 to 31", self.ssim_window),
        );
        faults.refuse_unless(
            self.ssim_sigma.is_finite() && self.ssim_sigma > 0.0,
            "loss.ssim_sigma",
            || format!("{}: give a number above 0", self.ssim_sigma),
        );
        let [low, high] = self.initial_mean;
        faults.refuse_unless(
            0.0 <= low && low <= high && high <= 1.0,
            "loss.initial_mean",
            || format!("[{low}, {high}]: give a range inside 0 to 1, smaller number first"),
        );
        faults.each_once("loss.compat", &self.compat);
        faults.weight("loss.initial_noise", self.initial_noise);
        faults.refuse_unless(
        self.initial_noise_cell > 0 && size.is_multiple_of(self.initial_noise_cell),
        "loss.initial_noise_cell",
        || {
            format!(
                "{}: give a side in pixels that divides the size {size}, e.g. 1 (the paper) or 8",
                self.initial_noise_cell
            )
        },
    );
    }
}
