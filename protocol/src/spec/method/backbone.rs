//! What every method's network has in common: the encoder.

use serde::{Deserialize, Serialize};

use super::{EncoderDepth, EncoderWeights, MrPrismNetwork};
use crate::spec::validate::Faults;

/// The shared backbone: a ResNet encoder and a decoder whose widths follow from it (docs/model.md, "Backbone").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backbone {
    /// Layers of the ResNet encoder: 18, 34 or 50.
    pub encoder_depth: EncoderDepth,
    /// Channels of the encoder's first stage: 64 in the original, smaller in tests.
    pub encoder_width: u32,
    /// What the encoder begins with.
    pub encoder_weights: EncoderWeights,
}

impl Backbone {
    pub(in crate::spec) fn check(&self, faults: &mut Faults) {
        faults.refuse_unless(
            self.encoder_width.is_multiple_of(8) && (8..=256).contains(&self.encoder_width),
            "network.encoder_width",
            || {
                format!(
                    "{}: give a multiple of 8 from 8 to 256 (ResNet: 64)",
                    self.encoder_width
                )
            },
        );
    }
}

impl From<&Backbone> for Backbone {
    fn from(backbone: &Backbone) -> Self {
        backbone.clone()
    }
}

impl From<&MrPrismNetwork> for Backbone {
    fn from(network: &MrPrismNetwork) -> Self {
        Self {
            encoder_depth: network.encoder_depth,
            encoder_width: network.encoder_width,
            encoder_weights: network.encoder_weights.clone(),
        }
    }
}
