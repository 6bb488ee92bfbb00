//! What training minimises (paper Eq. 8, 10–13) and where its loop begins (Eq. 14, 15).

mod initial;
mod recurrence;
mod shuffle;
mod ssim;

pub use initial::{Initial, initial};
pub use recurrence::dissimilarity;
pub use shuffle::{Permutations, permutations, shuffle};
pub use ssim::Ssim;
