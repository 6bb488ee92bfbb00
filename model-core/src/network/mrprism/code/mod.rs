//! Variant `code`: the network of the authors' repository, which differs from the paper's supplement in nearly every width
//! (docs/model.md, "Variant code"). Described from its behaviour; runnable on one device, for any M, K, channels and size.

mod conp;
mod divp;
mod stage;

pub(super) use conp::ConP;
pub(super) use divp::DivP;
