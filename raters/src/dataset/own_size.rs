//! Every case at its files' own size, for what looks at raters and trains nothing.

use rayon::prelude::*;

use super::Dataset;
use crate::DataError;
use crate::case::Case;

impl Dataset {
    /// Decodes every case of every split at its own size, in order of name. Resizing would move outlines.
    ///
    /// # Errors
    /// A file that does not decode, or a mask of another size than its image.
    pub fn at_own_size(&self) -> Result<Vec<Case>, DataError> {
        let decoded: Vec<_> = (0..self.case_names().len())
            .into_par_iter()
            .map(|position| self.native_case(position))
            .collect();
        // Collected first, so that of several faults the first by name is told, every time.
        decoded.into_iter().collect()
    }
}
