//! Raters' masks joined into one.

mod majority;
mod mean;
mod votes;

pub use majority::majority;
pub use mean::mean;
pub use votes::Votes;
