//! What training minimises: MrPrism's losses (paper Eq. 8–13), where its loop begins (Eq. 14, 15), and the terms that the
//! other methods share.

mod entropy;
mod initial;
mod labels;
mod multi_head;
mod recurrence;
mod shuffle;
mod ssim;

pub use entropy::{cross_entropy_by_map, soft_cross_entropy};
pub use initial::{Initial, initial};
pub use labels::{drawn_labels, joined_labels};
pub use multi_head::{multi_head, multi_head_of_logits};
pub use recurrence::dissimilarity;
pub use shuffle::{Permutations, ShuffleRule, permutations, shuffle};
pub use ssim::Ssim;
