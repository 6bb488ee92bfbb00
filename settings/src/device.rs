//! What the user wants to compute on.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use serde::Deserialize;

/// A wish; the worker says what the machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum DeviceWish {
    /// CUDA where there is a device, else the processor.
    Auto,
    /// The processor.
    Cpu,
    /// Every CUDA device; refuses where there is none.
    Cuda,
}

impl DeviceWish {
    /// How flags, variables and files spell it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}

// By hand, because the derived one would show the documentation above in every help text.
impl ValueEnum for DeviceWish {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Auto, Self::Cpu, Self::Cuda]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()))
    }
}

impl TryFrom<String> for DeviceWish {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        <Self as ValueEnum>::from_str(&text, false)
            .map_err(|_| format!("'{text}' is no device: give auto, cpu or cuda"))
    }
}
