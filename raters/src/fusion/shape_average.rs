//! Shape-based averaging: the outline that lies between the raters' outlines.
//!
//! Rohlfing, Maurer: "Shape-based averaging", IEEE Transactions on Image Processing 16(1), 2007, for two labels: foreground is
//! where the mean of the raters' signed distances is positive. A hair that one rater drew does not survive; a shifted outline
//! is met half way.

use ndarray::Array2;

use super::masks::order_by_content;
use super::{Masks, Votes};
use crate::distance::signed_distances;

/// A sum of distances below this is a tie that was not summed exactly.
const ROUNDING: f64 = 1e-9;

/// Shape-based average of one structure's masks, hard. A tie is background. An empty mask lies an image's diagonal away.
pub fn shape_average(masks: &Masks<'_>) -> Votes {
    let order = order_by_content(std::slice::from_ref(masks));
    let mut sum = Array2::<f64>::zeros(masks.side());
    for mask in order.into_iter().filter_map(|slot| masks.of_slot(slot)) {
        sum += &signed_distances(&mask);
    }
    Votes {
        counts: sum.mapv(|distance| u16::from(distance > ROUNDING)),
        of: 1,
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::shape_average;
    use crate::fusion::Masks;
    use crate::testing::case_of_rows;

    #[test]
    fn a_shifted_edge_is_met_half_way() {
        let case = case_of_rows(&[&[1, 1, 0, 0, 0, 0, 0, 0], &[1, 1, 1, 1, 1, 1, 0, 0]]);
        let fused = shape_average(&Masks::of_case(&case, 0).unwrap());
        // Signed distances 2 1 -1 -2 -3 -4 -5 -6 and 6 5 4 3 2 1 -1 -2: the sum is above 0 up to the fourth pixel.
        assert_eq!(fused.counts, array![[1, 1, 1, 1, 0, 0, 0, 0]]);
        assert_eq!(fused.of, 1);
    }
}
