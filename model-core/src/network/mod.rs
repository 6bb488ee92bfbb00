//! Architectures, one a folder or file. A network turns tensors into tensors; what it is trained with stands elsewhere.

mod agnet;
mod cppn;
mod diagnosis;
mod discriminator;
mod experts;
mod gaussian;
mod guided;
mod mrnet;
pub mod mrprism;
mod phiseg;
mod prob_unet;
mod sizes;
mod unet;

pub use agnet::Agnet;
pub use cppn::Cppn;
pub use diagnosis::Diagnosis;
pub use discriminator::Discriminator;
pub use experts::{Experts, chosen};
pub use gaussian::Gaussian;
pub use guided::{guided, local_lines};
pub use mrnet::{Mrnet, ToldUnet, gauss, soft_attention};
pub use phiseg::{LEVELS, Phiseg};
pub use prob_unet::ProbUnet;
pub use sizes::Sizes;
pub use unet::{Decoder, Unet};
