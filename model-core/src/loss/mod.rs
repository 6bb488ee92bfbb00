//! What training minimises (paper Eq. 8–13) and where its loop begins (Eq. 14, 15).

mod entropy;
mod initial;
mod labels;
mod multi_head;
mod recurrence;
mod shuffle;
mod ssim;

pub use entropy::soft_cross_entropy;
pub use initial::{Initial, initial};
pub use labels::joined_labels;
pub use multi_head::multi_head;
pub use recurrence::dissimilarity;
pub use shuffle::{Permutations, ShuffleRule, permutations, shuffle};
pub use ssim::Ssim;
