//! Architectures, one a folder or file. A network turns tensors into tensors; what it is trained with stands elsewhere.

pub mod mrprism;
mod sizes;
mod unet;

pub use sizes::Sizes;
pub use unet::{Decoder, Unet};
