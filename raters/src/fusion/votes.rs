//! A mask as a count of votes, so that it is compared with thresholds in integers.

use ndarray::{Array2, ArrayRef2, Zip};

use crate::case::Case;

/// How many of `of` raters mark each pixel. A hard mask is the vote of one.
///
/// The mean of M masks compared with τ in floating point goes wrong where M·τ is a whole number (3 of 6 against 0.5);
/// counts compared as `10·votes > 10τ·M` do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Votes {
    /// `[h, w]`, each 0 to `of`.
    pub counts: Array2<u16>,
    /// Raters who voted; at least 1.
    pub of: u16,
}

impl Votes {
    /// The votes of the listed raters (positions from 0) on one structure; none where the list is empty.
    pub fn count(
        case: &Case,
        structure: usize,
        raters: impl IntoIterator<Item = usize>,
    ) -> Option<Self> {
        let mut counts = Array2::<u16>::zeros(case.side());
        let mut of = 0;
        for rater in raters {
            of += 1;
            Zip::from(&mut counts)
                .and(case.mask(rater, structure))
                .for_each(|count, mask| *count += u16::from(*mask != 0));
        }
        (of > 0).then_some(Self { counts, of })
    }

    /// One hard mask.
    pub fn hard(mask: &ArrayRef2<u8>) -> Self {
        Self {
            counts: mask.mapv(|value| u16::from(value != 0)),
            of: 1,
        }
    }

    /// Pixels that more than half of those who voted mark, hard. Ties go to the background.
    #[must_use]
    pub fn majority(&self) -> Self {
        let marked = |count: u16| u16::from(2 * u32::from(count) > u32::from(self.of));
        Self {
            counts: self.counts.mapv(marked),
            of: 1,
        }
    }
}
