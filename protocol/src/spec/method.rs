//! Methods and their parameters. Every default stands in `experiments/methods/<name>.toml`.

use serde::{Deserialize, Serialize};

use crate::spelled::spelled_enum;

/// A method with all its parameters. Serialised as `{"mrprism": {"network": …, "loss": …}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MethodSpec {
    /// Multi-rater Prism: ConP and DivP run recurrently.
    Mrprism(MrPrismSpec),
}

impl MethodSpec {
    /// Every method's name.
    pub const NAMES: &'static [&'static str] = &["mrprism"];

    /// The method's name, as in experiment files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mrprism(_) => "mrprism",
        }
    }
}

/// MrPrism's network and losses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MrPrismSpec {
    /// Architecture.
    pub network: MrPrismNetwork,
    /// Losses and the loop's first state.
    pub loss: MrPrismLoss,
}

spelled_enum! {
    /// Which of the two descriptions of MrPrism is built.
    Variant {
        /// The paper's supplement.
        Paper = "paper",
    }
}

spelled_enum! {
    /// How ConP joins confidences and features (Table 4, "Integration").
    Integration {
        /// Cross-attention with the confidence embedding as query (Eq. 7).
        Attentive = "attentive",
    }
}

spelled_enum! {
    /// What the attention block adds its result to.
    Residual {
        /// The segmentation features.
        Value = "value",
        /// The confidence embedding.
        Query = "query",
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

/// Architecture of the encoder, ConP and DivP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MrPrismNetwork {
    /// Which description is built.
    pub variant: Variant,
    /// How ConP joins confidences and features.
    pub integration: Integration,
    /// What the attention block adds its result to.
    pub residual: Residual,
    /// τ: recurrences a training step runs (paper: 3).
    pub recurrences: u32,
    /// Layers of the ResNet encoder: 34.
    pub encoder_depth: u32,
    /// Channels of the encoder's first stage: 64 in the paper, smaller in tests. ConP's widths follow: 8, 4, 2, 1 times this.
    pub encoder_width: u32,
    /// Factor between image side and DivP's grid: 8 (256 → 32).
    pub divp_stride: u32,
}

/// Losses (Eq. 8–13) and the first recurrence's confidences (Eq. 14, 15).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MrPrismLoss {
    /// α: weight of the shuffle loss (paper: 0.3).
    pub shuffle: f64,
    /// Permutations of raters a recurrence, averaged (paper: 3).
    pub shuffle_permutations: u32,
    /// Side of SSIM's Gaussian window, odd.
    pub ssim_window: u32,
    /// σ of SSIM's Gaussian window in pixels.
    pub ssim_sigma: f64,
    /// Range of μ, the starting confidences' mean (paper: 0.1 to 0.9).
    pub initial_mean: [f64; 2],
    /// Standard deviation of the starting confidences' noise (paper: 0.2).
    pub initial_noise: f64,
    /// How the starting confidences are scaled before ConP sees them.
    pub initial_scale: InitialScale,
}
