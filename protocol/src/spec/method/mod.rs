//! Methods and their parameters. Every default stands in `experiments/methods/<name>.toml`.

mod adversarial;
mod backbone;
mod crowd;
mod diag;
mod dpersona;
mod encoder;
mod latent;
mod loss;
mod mrnet;
mod network;
mod on_backbone;
mod sampling;
mod unet;

use serde::{Deserialize, Serialize};

pub use adversarial::*;
pub use backbone::*;
pub use crowd::*;
pub use diag::*;
pub use dpersona::*;
pub use encoder::*;
pub use latent::*;
pub use loss::*;
pub use mrnet::*;
pub use network::*;
pub use on_backbone::OnBackbone;
pub use sampling::*;
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
    Unet(OnBackbone<UnetLoss>) = "unet",
    /// `AGNet`: attention guided filters between encoder and decoder, on labels joined beforehand.
    Agnet(OnBackbone<UnetLoss>) = "agnet",
    /// pOSAL: Dice, smoothness, and segmentations of unlabelled images that look like labelled ones'.
    Posal(OnBackbone<PosalLoss>) = "posal",
    /// BEAL: boundaries and entropies of unlabelled images that look like labelled ones'.
    Beal(OnBackbone<BealLoss>) = "beal",
    /// `WDNet`: a head for each doctor, averaged.
    Wdnet(OnBackbone<WdnetLoss>) = "wdnet",
    /// CL: the crowd layer.
    CrowdLayer(OnBackbone<CrowdLayerLoss>) = "crowd-layer",
    /// CM: confusion matrices beside the network.
    ConfusionMatrix(OnBackbone<ConfusionMatrixLoss>) = "confusion-matrix",
    /// `AggNet`: expectation and maximisation round the network.
    Aggnet(OnBackbone<AggnetLoss>) = "aggnet",
    /// `MaxMig`: network and crowd agree in mutual information.
    Maxmig(OnBackbone<MaxmigLoss>) = "maxmig",
    /// Diag: a diagnosis says whom to believe.
    Diag(OnBackbone<DiagLoss>) = "diag",
    /// `MRNet`: the network is told how much each rater counts.
    Mrnet(OnBackbone<MrnetLoss>) = "mrnet",
    /// The probabilistic U-Net.
    ProbUnet(OnBackbone<LatentLoss>) = "prob-unet",
    /// `PHiSeg`: latent maps on five grids.
    Phiseg(OnBackbone<LatentLoss>) = "phiseg",
    /// D-Persona: diverse opinions first, then each rater's own.
    Dpersona(OnBackbone<DpersonaLoss>) = "dpersona",
    /// UECNN: one rater drawn for each case.
    Uecnn(OnBackbone<UecnnLoss>) = "uecnn",
    /// LUW: several hypotheses.
    Luw(OnBackbone<LuwLoss>) = "luw",
}

impl MethodSpec {
    /// Whether it learns from diagnoses, which few data sets have.
    pub fn needs_diagnoses(&self) -> bool {
        matches!(self, Self::Diag(_))
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

impl MrPrismSpec {
    fn check(&self, size: u32, faults: &mut Faults) {
        self.network.check(size, faults);
        self.loss.check(size, faults);
    }
}
