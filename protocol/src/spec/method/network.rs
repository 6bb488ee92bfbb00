//! MrPrism's architecture.

use serde::{Deserialize, Serialize};

use super::{Backbone, EncoderDepth, EncoderWeights};
use crate::spec::validate::Faults;
use crate::spelled::spelled_enum;

spelled_enum! {
    /// Which of the two descriptions of MrPrism is built.
    Variant {
        /// The paper's supplement.
        Paper = "paper",
        /// The authors' repository.
        Code = "code",
    }
}

spelled_enum! {
    /// How ConP joins confidences and features (Table 4, "Integration").
    Integration {
        /// Cross-attention with the confidence embedding as query (Eq. 7).
        Attentive = "attentive",
        /// A convolution over features and embedding side by side.
        Concat = "concat",
        /// One step of a convolutional LSTM whose state begins as the embedding.
        ConvLstm = "convlstm",
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
    /// What of DivP's maps ConP receives in later recurrences (docs/model.md, A3). P: a head's probability, c: its share.
    Confidence {
        /// c ⊙ P: the terms of the self-fusion, as in the authors' code.
        ShareTimesHead = "share_times_head",
        /// P.
        Head = "head",
        /// c.
        Share = "share",
        /// ln P, as Proposition 1 has it, cut at 10⁻³.
        LogHead = "log_head",
    }
}

spelled_enum! {
    /// The unit of confidences that are shares of a sum.
    ConfidenceScale {
        /// As they are: equal trust is 1/M.
        Share = "share",
        /// Times the number of raters: equal trust is 1, whatever M.
        Raters = "raters",
    }
}

spelled_enum! {
    /// What DivP sees.
    DivpInput {
        /// ConP's segmentation, as the paper says.
        Mask = "mask",
        /// The image beside it, as in the authors' code.
        MaskImage = "mask_image",
    }
}

spelled_enum! {
    /// How DivP sees ConP's segmentation.
    DivpSignal {
        /// σ(y).
        Probability = "probability",
        /// y, as in the authors' code.
        Logit = "logit",
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
    /// What the attention block adds its result to; of no meaning for other integrations.
    pub residual: Residual,
    /// τ: recurrences a training step runs, 1 to 6 (paper: 3).
    pub recurrences: u32,
    /// Layers of the ResNet encoder: 18, 34 or 50.
    pub encoder_depth: EncoderDepth,
    /// Channels of the encoder's first stage: 64 in the paper, smaller in tests. ConP's widths are those of the encoder's taps.
    pub encoder_width: u32,
    /// What the encoder begins with.
    pub encoder_weights: EncoderWeights,
    /// What ConP receives in later recurrences.
    pub confidence: Confidence,
    /// The unit of confidences that are shares.
    pub confidence_scale: ConfidenceScale,
    /// What DivP sees.
    pub divp_input: DivpInput,
    /// How it sees ConP's segmentation.
    pub divp_signal: DivpSignal,
    /// Factor between image side and DivP's grid: 8 (256 → 32) or 4.
    pub divp_stride: u32,
    /// Whether DivP's third stage uses the second's weights, as in the authors' code; of variant `code` alone. Specifications
    /// without it are from before it could be chosen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub divp_tied: bool,
}

impl MrPrismNetwork {
    pub(super) fn check(&self, size: u32, faults: &mut Faults) {
        faults.refuse_unless(
            (1..=6).contains(&self.recurrences),
            "network.recurrences",
            || format!("{}: give 1 to 6 (the paper: 3)", self.recurrences),
        );
        Backbone::from(self).check(faults);
        faults.refuse_unless(
            [4, 8].contains(&self.divp_stride) && size.is_multiple_of(self.divp_stride),
            "network.divp_stride",
            || {
                format!(
                    "{}: give 8 (a grid of 32 for 256 pixels) or 4",
                    self.divp_stride
                )
            },
        );
        let code = self.variant == Variant::Code;
        faults.refuse_unless(
            !code || self.integration == Integration::Attentive,
            "network.integration",
            || {
                format!(
                    "'{}': variant 'code' has attention alone: give 'attentive'",
                    self.integration
                )
            },
        );
        faults.refuse_unless(
            !code || self.divp_stride == 4,
            "network.divp_stride",
            || {
                format!(
                    "{}: DivP of variant 'code' works at a quarter: give 4",
                    self.divp_stride
                )
            },
        );
        faults.refuse_unless(code || !self.divp_tied, "network.divp_tied", || {
            "variant 'paper' has no stages to tie: give false".to_owned()
        });
        faults.refuse_unless(
        self.confidence_scale == ConfidenceScale::Share
            || matches!(
                self.confidence,
                Confidence::Share | Confidence::ShareTimesHead
            ),
        "network.confidence_scale",
        || {
            format!(
                "'{}' scales shares, and network.confidence = '{}' sends none: give 'share', or a confidence of \
                 'share' or 'share_times_head'",
                self.confidence_scale, self.confidence
            )
        },
    );
    }
}
