//! Stored predictions: what a run says of one test case, kept so that scoring it again gives the same bits.

mod file;
mod fixed;

use ndarray::{Array4, Array5};

pub use file::{file_name, read, write};
pub use fixed::{from_fixed, map_from_fixed, to_fixed};

/// One test case's prediction in u16 fixed point. Shapes: rec recurrences, m heads, j hypotheses, k structures, h rows, w columns.
///
/// A method without heads or confidences stores arrays of zero raters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPrediction {
    /// The case's name.
    pub case: String,
    /// `[rec, k, h, w]`: ŷ of each recurrence.
    pub prediction: Array4<u16>,
    /// `[rec, m, k, h, w]`: P, each rater's map.
    pub heads: Array5<u16>,
    /// `[rec, m, k, h, w]`: c, the raters' normalised confidences.
    pub confidences: Array5<u16>,
    /// `[j, k, h, w]`: further segmentations of equal standing, of a method that gives several; none of most.
    pub hypotheses: Array4<u16>,
}

impl StoredPrediction {
    /// Whether the arrays agree on recurrences, structures, rows and columns.
    pub(crate) fn is_consistent(&self) -> bool {
        let shared = self.prediction.dim();
        let without_raters =
            |dim: (usize, usize, usize, usize, usize)| (dim.0, dim.2, dim.3, dim.4);
        without_raters(self.heads.dim()) == shared
            && without_raters(self.confidences.dim()) == shared
            && {
                let (_, k, h, w) = self.hypotheses.dim();
                (k, h, w) == (shared.1, shared.2, shared.3)
            }
    }
}
