//! Layers that networks are built from. A layer knows its tensors and its shapes, nothing of losses or training.

mod attention;
mod conv;
mod convlstm;
mod cut;
mod deconv;
mod fuse;
mod linear;
mod norm;
mod resnet;
mod separable;
mod threshold;

pub(crate) use attention::attend;
pub use attention::{Attention, AttentionConfig};
pub(crate) use conv::channels_last;
pub use conv::{Conv, ConvConfig, ConvNormRelu};
pub use convlstm::ConvLstm;
pub use cut::{backward_from, leaf};
pub use deconv::Deconv;
pub(crate) use fuse::EPSILON;
pub use fuse::{confidences, fuse, shares};
pub use linear::Linear;
pub use norm::{BatchNorm, LayerNorm};
pub use resnet::{Features, ResNet, Taps};
pub use separable::Separable;
pub use threshold::straight_through;

/// Whether batch norm uses and updates its statistics (training) or only reads the running ones (evaluation).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Statistics of the batch; running statistics move.
    Train,
    /// Running statistics; nothing changes.
    Eval,
}
