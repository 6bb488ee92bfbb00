//! How far apart the borders of two masks lie, in pixels: Hausdorff distance at a percentile, average surface distance.
//!
//! A border pixel is a marked pixel with an unmarked one, or the image's edge, above, below, left or right of it. Distances
//! go from the centre of each border pixel to the nearest border pixel of the other mask, and are exact.
//! These are MONAI's definitions (`compute_hausdorff_distance`, symmetric `compute_average_surface_distance`, no spacing).
//!
//! Two empty masks are 0 apart. Where one is empty no border can be reached; the distance is then the image's diagonal
//! `sqrt(h² + w²)`, more than any two pixels are apart: finite, so that means over cases exist, and worse than any mask.

use ndarray::{Array2, ArrayRef2};

use crate::distance::squared_distances;

/// A mask's border and every pixel's distance to it: made once a mask, compared with many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surface {
    side: (usize, usize),
    /// (row, column), in C order.
    border: Vec<(usize, usize)>,
    /// Squared distance to the border, `[h, w]`; none of an empty mask.
    squared: Option<Array2<u32>>,
}

impl Surface {
    /// The border of a mask `[h, w]`; 0 is background.
    pub fn of(mask: &ArrayRef2<u8>) -> Self {
        let (height, width) = mask.dim();
        let marked = |y: usize, x: usize| mask.get((y, x)).is_some_and(|value| *value != 0);
        // Stepping left of column 0 or above row 0 leaves the image as stepping beyond its far edges does.
        let inner = |y: usize, x: usize| {
            marked(y.wrapping_sub(1), x)
                && marked(y + 1, x)
                && marked(y, x.wrapping_sub(1))
                && marked(y, x + 1)
        };
        let border: Vec<_> = mask
            .indexed_iter()
            .filter(|((y, x), value)| **value != 0 && !inner(*y, *x))
            .map(|(position, _)| position)
            .collect();
        Self {
            side: (height, width),
            squared: squared_distances((height, width), border.iter().copied()),
            border,
        }
    }

    /// Rows and columns.
    pub fn side(&self) -> (usize, usize) {
        self.side
    }

    /// Squared distances from each of this border's pixels to the other border; none where either mask is empty.
    fn squared_to(&self, other: &Self) -> Option<Vec<u32>> {
        assert_eq!(self.side, other.side, "masks of one size");
        let field = other.squared.as_ref().filter(|_| !self.border.is_empty())?;
        Some(
            self.border
                .iter()
                .map(|position| field[*position])
                .collect(),
        )
    }

    /// The distance where no border can be reached.
    fn unreached(&self, other: &Self) -> f64 {
        if self.border.is_empty() && other.border.is_empty() {
            0.0
        } else {
            (self.side.0 as f64).hypot(self.side.1 as f64)
        }
    }
}

/// Hausdorff distance at a percentile (95 is customary, 100 the plain one), in pixels.
///
/// The percentile of each direction's distances, interpolated linearly between the two nearest ranks (rank
/// `percentile/100 · (n − 1)` from 0), then the larger of both directions. Percentiles beyond 0 to 100 are taken as the nearer end.
///
/// # Panics
/// Where the sizes differ.
pub fn hausdorff(a: &Surface, b: &Surface, percentile: f64) -> f64 {
    let (Some(there), Some(back)) = (a.squared_to(b), b.squared_to(a)) else {
        return a.unreached(b);
    };
    at_percentile(there, percentile).max(at_percentile(back, percentile))
}

/// Hausdorff distance at the 95th percentile, in pixels. See [`hausdorff`].
///
/// # Panics
/// Where the sizes differ.
pub fn hausdorff_95(a: &Surface, b: &Surface) -> f64 {
    hausdorff(a, b, 95.0)
}

/// Average symmetric surface distance, in pixels: the mean over the border pixels of both masks together.
///
/// # Panics
/// Where the sizes differ.
pub fn average_surface_distance(a: &Surface, b: &Surface) -> f64 {
    let (Some(there), Some(back)) = (a.squared_to(b), b.squared_to(a)) else {
        return a.unreached(b);
    };
    let count = (there.len() + back.len()) as f64;
    let sum = |squares: Vec<u32>| squares.into_iter().map(root).sum::<f64>();
    (sum(there) + sum(back)) / count
}

/// A percentile of distances whose squares are given, at least one.
fn at_percentile(mut squares: Vec<u32>, percentile: f64) -> f64 {
    let last = squares.len().saturating_sub(1);
    let rank = (percentile / 100.0).clamp(0.0, 1.0) * last as f64;
    let below = (rank.floor() as usize).min(last);
    let (_, lower, above) = squares.select_nth_unstable(below);
    let lower = root(*lower);
    let upper = above.iter().copied().min().map_or(lower, root);
    lower + (upper - lower) * (rank - below as f64)
}

fn root(square: u32) -> f64 {
    f64::from(square).sqrt()
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    reason = "the expected numbers are quotients and roots that are rounded once"
)]
mod tests {
    use ndarray::{Array2, array};

    use super::{Surface, average_surface_distance, hausdorff, hausdorff_95};

    fn dot(y: usize, x: usize) -> Surface {
        let mut mask = Array2::zeros((5, 8));
        mask[[y, x]] = 1;
        Surface::of(&mask)
    }

    #[test]
    fn two_dots_are_as_far_apart_as_pythagoras_says() {
        let (a, b) = (dot(0, 1), dot(3, 5));
        assert_eq!(hausdorff_95(&a, &b), 5.0);
        assert_eq!(average_surface_distance(&a, &b), 5.0);
        assert_eq!(hausdorff_95(&a, &a), 0.0);
    }

    #[test]
    fn only_the_border_counts_and_the_images_edge_is_one() {
        let square = Surface::of(&Array2::ones((4, 4)));
        assert_eq!(square.border.len(), 12);
        let inside = array![
            [0, 0, 0, 0, 0],
            [0, 1, 1, 1, 0],
            [0, 1, 1, 1, 0],
            [0, 1, 1, 1, 0]
        ];
        // The centre has marks on all four sides; the lowest row lies on the image's edge.
        assert_eq!(Surface::of(&inside).border.len(), 8);
    }

    #[test]
    fn hand_worked_rows() {
        // Distances from a: 0, 0, 0; from b: 0, 0, 0, 1, 2.
        let a = Surface::of(&array![[1, 1, 1, 0, 0]]);
        let b = Surface::of(&array![[1, 1, 1, 1, 1]]);
        assert_eq!(hausdorff(&a, &b, 100.0), 2.0);
        assert!((hausdorff_95(&a, &b) - 1.8).abs() < 1e-12);
        assert_eq!(hausdorff(&a, &b, 50.0), 0.0);
        assert_eq!(average_surface_distance(&a, &b), 3.0 / 8.0);
    }

    #[test]
    fn two_empty_masks_meet_and_one_empty_mask_is_a_diagonal_away() {
        let empty = Surface::of(&Array2::zeros((3, 4)));
        let full = Surface::of(&Array2::ones((3, 4)));
        for distance in [hausdorff_95, average_surface_distance] {
            assert_eq!(distance(&empty, &empty), 0.0);
            assert_eq!(distance(&empty, &full), 5.0);
            assert_eq!(distance(&full, &empty), 5.0);
        }
    }
}
