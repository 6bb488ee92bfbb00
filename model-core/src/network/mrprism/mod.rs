//! MrPrism's network, variant `paper`: an encoder, ConP (segments, given confidences) and DivP (finds each rater's map,
//! given the segmentation). Paper section 3 and supplement; docs/model.md says what is reconstructed.
//!
//! b batch, m raters, k structures, s side of the image, w encoder width.

mod asking;
mod conp;
mod divp;
mod embed;
mod integration;

use mrprism_protocol::spec::{DivpInput, DivpSignal, MrPrismNetwork};
use tch::Tensor;

pub use super::Sizes;
pub use asking::Asking;
pub use conp::ConP;
pub use divp::DivP;

use crate::block::{Features, Mode, ResNet};
use crate::params::Scope;
use crate::parts::{Part, mark};

/// Encoder, ConP and DivP.
#[derive(Debug)]
pub struct Network {
    /// Taps of the image.
    pub encoder: ResNet,
    /// Segments.
    pub conp: ConP,
    /// Finds the raters' maps.
    pub divp: DivP,
    input: DivpInput,
    signal: DivpSignal,
}

impl Network {
    /// Names: `encoder`, `conp`, `divp`.
    pub fn new(scope: &Scope, spec: &MrPrismNetwork, sizes: Sizes) -> Self {
        Self {
            encoder: ResNet::new(
                &scope.sub("encoder"),
                spec.encoder_depth,
                sizes.channels,
                i64::from(spec.encoder_width),
            ),
            conp: ConP::new(&scope.sub("conp"), spec, sizes),
            divp: DivP::new(&scope.sub("divp"), spec, sizes),
            input: spec.divp_input,
            signal: spec.divp_signal,
        }
    }

    /// One recurrence's forward pass: ŷ = σ(ConP(F, w)) and P = σ(DivP(sg(ŷ))), or what the specification says DivP
    /// sees in place of ŷ.
    ///
    /// # Shapes
    /// images \[b, c, s, s\], confidences \[b, m, k, s, s\] → ŷ \[b, k, s, s\], P \[b, m, k, s, s\]
    pub fn pass(
        &self,
        images: &Tensor,
        features: &Features,
        confidences: &Tensor,
        mode: Mode,
    ) -> (Tensor, Tensor) {
        let logits = self.conp.forward(features, confidences, mode);
        let segmentation = logits.sigmoid();
        mark(Part::Conp);
        let signal = match self.signal {
            DivpSignal::Probability => segmentation.detach(),
            DivpSignal::Logit => logits.detach(),
        };
        let seen = match self.input {
            DivpInput::Mask => signal,
            DivpInput::MaskImage => Tensor::cat(&[images, &signal], 1),
        };
        let heads = self.divp.forward(&seen, mode).sigmoid();
        mark(Part::Divp);
        (segmentation, heads)
    }
}
