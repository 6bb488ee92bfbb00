//! MrPrism's network: an encoder, ConP (segments, given confidences) and DivP (finds each rater's map, given the
//! segmentation). Variant `paper` is that of the paper's section 3 and supplement (docs/model.md says what is
//! reconstructed), variant `code` (folder `code`) that of the authors' repository.
//!
//! b batch, m raters, k structures, s side of the image, w encoder width.

mod asking;
mod code;
mod conp;
mod divp;
mod embed;
mod integration;

use mrprism_protocol::spec::{DivpInput, DivpSignal, MrPrismNetwork, Variant};
use tch::Tensor;

pub use super::Sizes;
pub use asking::Asking;
pub use conp::ConP;
pub use divp::DivP;

use crate::block::{Mode, ResNet, Taps};
use crate::draw::Random;
use crate::params::Scope;
use crate::parts::{Part, mark};

/// Encoder, ConP and DivP.
#[derive(Debug)]
pub struct Network {
    /// Taps of the image.
    pub encoder: ResNet,
    prisms: Prisms,
    input: DivpInput,
    signal: DivpSignal,
}

/// Both prisms of a variant.
#[derive(Debug)]
enum Prisms {
    Paper(Box<(ConP, DivP)>),
    Code(Box<(code::ConP, code::DivP)>),
}

impl Network {
    /// Names: `encoder`, `conp`, `divp`.
    pub fn new(scope: &Scope, spec: &MrPrismNetwork, sizes: Sizes) -> Self {
        let (conp, divp) = (scope.sub("conp"), scope.sub("divp"));
        Self {
            encoder: ResNet::new(
                &scope.sub("encoder"),
                spec.encoder_depth,
                sizes.channels,
                i64::from(spec.encoder_width),
            ),
            prisms: match spec.variant {
                Variant::Paper => Prisms::Paper(Box::new((
                    ConP::new(&conp, spec, sizes),
                    DivP::new(&divp, spec, sizes),
                ))),
                Variant::Code => Prisms::Code(Box::new((
                    code::ConP::new(&conp, spec, sizes),
                    code::DivP::new(&divp, spec, sizes),
                ))),
            },
            input: spec.divp_input,
            signal: spec.divp_signal,
        }
    }

    /// One recurrence's forward pass: y = ConP(F, w) and P = σ(DivP(sg(σ(y)))), or what the specification says DivP sees in
    /// place of σ(y). `drops` draws what variant `code` leaves out while training; none leaves nothing out.
    ///
    /// # Shapes
    /// images \[b, c, s, s\], confidences \[b, m, k, s, s\] → y \[b, k, s, s\], P \[b, m, k, s, s\]
    pub fn pass(
        &self,
        images: &Tensor,
        taps: &Taps,
        confidences: &Tensor,
        mode: Mode,
        drops: Option<Random>,
    ) -> (Tensor, Tensor) {
        let of = |prism| drops.map(|random| random.child(prism));
        let logits = match &self.prisms {
            Prisms::Paper(prisms) => prisms.0.forward(&taps.features, confidences, mode),
            Prisms::Code(prisms) => prisms.0.forward(taps, confidences, mode, of(0)),
        };
        mark(Part::Conp);
        let signal = match self.signal {
            DivpSignal::Probability => logits.detach().sigmoid(),
            DivpSignal::Logit => logits.detach(),
        };
        let seen = match self.input {
            DivpInput::Mask => signal,
            DivpInput::MaskImage => Tensor::cat(&[images, &signal], 1),
        };
        let heads = match &self.prisms {
            Prisms::Paper(prisms) => prisms.1.forward(&seen, mode),
            Prisms::Code(prisms) => prisms.1.forward(&seen, of(1)),
        };
        mark(Part::Divp);
        (logits, heads.sigmoid())
    }
}
