//! From soft to hard: which pixels are marked, where a metric counts pixels at one threshold.

use ndarray::{Array2, ArrayRef2};

use crate::fusion::Votes;

/// 1 where a map `[h, w]` lies strictly above 0.5. NaN does not.
pub fn above_half(map: &ArrayRef2<f32>) -> Array2<u8> {
    map.mapv(|value| u8::from(value > 0.5))
}

/// 1 where strictly more than half vote, `[h, w]`; ties are background. A hard mask stays what it is.
pub fn majority_of(votes: &Votes) -> Array2<u8> {
    let of = u32::from(votes.of);
    votes
        .counts
        .mapv(|count| u8::from(2 * u32::from(count) > of))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::{above_half, majority_of};
    use crate::fusion::Votes;

    #[test]
    fn a_half_is_not_above_a_half() {
        assert_eq!(
            above_half(&array![[0.5, 0.500_01, f32::NAN, 1.0]]),
            array![[0, 1, 0, 1]]
        );
        let votes = |of| Votes {
            counts: array![[0, 1, 2, 3]],
            of,
        };
        assert_eq!(majority_of(&votes(4)), array![[0, 0, 0, 1]]);
        assert_eq!(majority_of(&votes(3)), array![[0, 0, 1, 1]]);
    }
}
