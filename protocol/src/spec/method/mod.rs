//! Methods and their parameters. Every default stands in `experiments/methods/<name>.toml`.

mod backbone;
mod encoder;
mod loss;
mod network;
mod unet;

use serde::{Deserialize, Serialize};

pub use backbone::*;
pub use encoder::*;
pub use loss::*;
pub use network::*;
pub use unet::*;

use super::validate::Faults;

/// Every kind of method: one line each. A kind is what is built; several definition files may share one and differ in
/// their defaults.
macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $variant:ident($spec:ty) = $kind:literal,)+) => {
        /// A method with all its parameters. Serialised as `{"<kind>": {"network": …, "loss": …}}`.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub enum MethodSpec {
            $($(#[doc = $doc])* #[serde(rename = $kind)] $variant($spec),)+
        }

        impl MethodSpec {
            /// Every kind that is built.
            pub const KINDS: &'static [&'static str] = &[$($kind),+];

            /// Which kind it is.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind,)+ }
            }

            /// Its encoder.
            pub fn encoder(&self) -> Backbone {
                match self { $(Self::$variant(spec) => Backbone::from(&spec.network),)+ }
            }

            /// Says what makes no sense of its parameters at this side of images.
            pub(in crate::spec) fn check(&self, size: u32, faults: &mut Faults) {
                match self { $(Self::$variant(spec) => spec.check(size, faults),)+ }
            }
        }
    };
}

kinds! {
    /// Multi-rater Prism: ConP and DivP run recurrently.
    Mrprism(MrPrismSpec) = "mrprism",
    /// The shared backbone alone, on labels joined beforehand.
    Unet(UnetSpec) = "unet",
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

impl MrPrismSpec {
    fn check(&self, size: u32, faults: &mut Faults) {
        self.network.check(size, faults);
        self.loss.check(size, faults);
    }
}
