//! A fused mask, whichever way it was made.

use ndarray::Array2;

use super::{Rates, Votes};
use crate::metric::Levels;

/// A fused mask: counted votes stay counts, so that thresholds are compared in integers.
#[derive(Debug, Clone, PartialEq)]
pub enum FusedMap {
    /// A share of votes; hard where one votes.
    Votes(Votes),
    /// `[h, w]`, in 0 to 1.
    Soft(Array2<f32>),
}

impl FusedMap {
    /// What soft Dice needs to know of the map.
    pub fn levels(&self) -> Levels {
        match self {
            Self::Votes(votes) => Levels::of_votes(votes),
            Self::Soft(map) => Levels::of_map(map),
        }
    }

    /// `[h, w]`, in 0 to 1.
    pub fn soft(&self) -> Array2<f32> {
        match self {
            Self::Votes(votes) => {
                let of = f32::from(votes.of);
                votes.counts.mapv(|count| f32::from(count) / of)
            }
            Self::Soft(map) => map.clone(),
        }
    }

    /// `[h, w]`: 1 where the map is strictly above `threshold`.
    pub fn above(&self, threshold: f64) -> Array2<u8> {
        match self {
            Self::Votes(votes) => {
                let needed = threshold * f64::from(votes.of);
                votes
                    .counts
                    .mapv(|count| u8::from(f64::from(count) > needed))
            }
            Self::Soft(map) => map.mapv(|value| u8::from(f64::from(value) > threshold)),
        }
    }
}

/// A fused mask and how each rater compares with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fused {
    /// The mask.
    pub map: FusedMap,
    /// One entry a mask, in slot order: what EM estimated, or, where nothing is estimated, the rates against the fused map.
    pub raters: Vec<Rates>,
    /// Steps taken, where the fusion iterates.
    pub iterations: Option<u32>,
    /// Whether it stood still before its iterations were spent; true where it does not iterate.
    pub converged: bool,
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::FusedMap;
    use crate::fusion::Votes;

    #[test]
    fn a_threshold_is_strict_and_votes_are_not_rounded() {
        let votes = FusedMap::Votes(Votes {
            counts: array![[3, 4, 6]],
            of: 6,
        });
        assert_eq!(votes.above(0.5), array![[0, 1, 1]]);
        assert_eq!(votes.soft(), array![[0.5, 4.0 / 6.0, 1.0]]);
        let soft = FusedMap::Soft(array![[0.5, 0.75, 0.0]]);
        assert_eq!(soft.above(0.5), array![[0, 1, 0]]);
    }
}
