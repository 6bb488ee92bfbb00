//! Methods and their parameters. Every default stands in `experiments/methods/<name>.toml`.

mod encoder;
mod loss;
mod network;

use serde::{Deserialize, Serialize};

pub use encoder::*;
pub use loss::*;
pub use network::*;

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

    /// What its encoder's weights begin as.
    pub fn encoder_weights(&self) -> &EncoderWeights {
        match self {
            Self::Mrprism(spec) => &spec.network.encoder_weights,
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
