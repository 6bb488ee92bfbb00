//! MrPrism's network, variant `paper`: an encoder, ConP (segments, given confidences) and DivP (finds each rater's map,
//! given the segmentation). Paper section 3 and supplement; docs/model.md says what is reconstructed.
//!
//! b batch, m raters, k structures, s side of the image, w encoder width.

mod conp;
mod divp;
mod embed;
mod integration;

use mrprism_protocol::spec::MrPrismNetwork;
use tch::Tensor;

pub use conp::ConP;
pub use divp::DivP;

use crate::block::{Features, Mode, ResNet34};
use crate::params::Scope;
use crate::parts::{Part, mark};

/// What the network is built for: the data's numbers beside the specification's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// M.
    pub raters: i64,
    /// K.
    pub structures: i64,
    /// Channels of the image.
    pub channels: i64,
    /// Side of the image: a multiple of 32. Position tables are sized by it.
    pub side: i64,
}

/// Encoder, ConP and DivP.
#[derive(Debug)]
pub struct Network {
    /// ResNet-34.
    pub encoder: ResNet34,
    /// Segments.
    pub conp: ConP,
    /// Finds the raters' maps.
    pub divp: DivP,
}

impl Network {
    /// Names: `encoder`, `conp`, `divp`.
    pub fn new(scope: &Scope, spec: &MrPrismNetwork, sizes: Sizes) -> Self {
        Self {
            encoder: ResNet34::new(
                &scope.sub("encoder"),
                sizes.channels,
                i64::from(spec.encoder_width),
            ),
            conp: ConP::new(&scope.sub("conp"), spec, sizes),
            divp: DivP::new(&scope.sub("divp"), spec, sizes),
        }
    }

    /// One recurrence's forward pass: ŷ = σ(ConP(F, w)) and P = σ(DivP(sg(ŷ))).
    ///
    /// # Shapes
    /// confidences \[b, m, k, s, s\] → ŷ \[b, k, s, s\], P \[b, m, k, s, s\]
    pub fn pass(&self, features: &Features, confidences: &Tensor, mode: Mode) -> (Tensor, Tensor) {
        let segmentation = self.conp.forward(features, confidences, mode).sigmoid();
        mark(Part::Conp);
        let heads = self.divp.forward(&segmentation.detach(), mode).sigmoid();
        mark(Part::Divp);
        (segmentation, heads)
    }
}
