//! The data's numbers that a network is built for.

use mrprism_protocol::spec::RunSpec;

/// What the network is built for: the data's numbers beside the specification's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// M.
    pub raters: i64,
    /// K.
    pub structures: i64,
    /// Channels of the image.
    pub channels: i64,
    /// Side of the image: a multiple of 32. Position tables are sized by it.
    pub side: i64,
}

impl Sizes {
    /// Of a run's data and image side.
    pub fn of(run: &RunSpec) -> Self {
        Self {
            raters: i64::from(run.dataset.raters),
            structures: run.dataset.structures.len() as i64,
            channels: i64::from(run.dataset.channels),
            side: i64::from(run.size),
        }
    }
}
