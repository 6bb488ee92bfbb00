//! Exact Euclidean distances to pixels, in time linear in the number of pixels.
//!
//! Felzenszwalb and Huttenlocher, "Distance transforms of sampled functions", Theory of Computing 8 (2012): one axis after the
//! other. Along columns the nearest seed is found by two sweeps; along rows the least of the parabolas `g(p) + (x − p)²` is
//! read off their lower envelope. Everything is in integers, so that no distance is rounded.

use ndarray::{Array2, ArrayRef2};

/// Further than any pixel of any image: no seed.
const NONE: u32 = u32::MAX;

/// Squared distance from each pixel's centre to the nearest seed's, `[h, w]`; none where there is no seed.
///
/// `seeds` are (row, column). Sides of up to 32,767 pixels keep every square below 2³¹.
pub(crate) fn squared_distances(
    (height, width): (usize, usize),
    seeds: impl IntoIterator<Item = (usize, usize)>,
) -> Option<Array2<u32>> {
    let mut field = Array2::from_elem((height, width), NONE);
    let mut any = false;
    for seed in seeds {
        field[seed] = 0;
        any = true;
    }
    if !any {
        return None;
    }
    along_columns(&mut field);
    along_rows(&mut field);
    Some(field)
}

/// `[h, w]`: inside the mask the distance to the nearest background pixel, outside minus the distance to the nearest marked
/// one, between pixel centres, in pixels. Where there is no such pixel in the image: the length of its diagonal.
pub(crate) fn signed_distances(mask: &ArrayRef2<u8>) -> Array2<f64> {
    let (height, width) = mask.dim();
    let farthest = ((height * height + width * width) as f64).sqrt();
    let distances_to = |marked: bool| {
        let seeds = mask
            .indexed_iter()
            .filter(|(_, pixel)| (**pixel != 0) == marked)
            .map(|(place, _)| place);
        match squared_distances((height, width), seeds) {
            Some(squared) => squared.mapv(|squared| f64::from(squared).sqrt()),
            None => Array2::from_elem((height, width), farthest),
        }
    };
    // One of the two is 0 at every pixel.
    distances_to(false) - distances_to(true)
}

/// Rows to the nearest seed of the same column.
fn along_columns(field: &mut Array2<u32>) {
    let height = field.nrows();
    let mut nearer = |from: usize, to: usize| {
        let (before, mut here) =
            field.multi_slice_mut((ndarray::s![from, ..], ndarray::s![to, ..]));
        here.zip_mut_with(&before, |here, before| {
            *here = (*here).min(before.saturating_add(1));
        });
    };
    for row in 1..height {
        nearer(row - 1, row);
    }
    for row in (1..height).rev() {
        nearer(row, row - 1);
    }
}

/// A parabola of the lower envelope: where it stands and how high, and the first column at which it is the lowest.
#[derive(Debug, Clone, Copy)]
struct Parabola {
    at: i64,
    height: i64,
    from: i64,
}

fn along_rows(field: &mut Array2<u32>) {
    let mut envelope: Vec<Parabola> = Vec::with_capacity(field.ncols());
    for mut row in field.rows_mut() {
        envelope.clear();
        for (at, rows) in row.iter().enumerate() {
            if *rows != NONE {
                add(&mut envelope, at as i64, i64::from(*rows).pow(2));
            }
        }
        let mut lowest = envelope.iter().copied().peekable();
        let Some(mut current) = lowest.next() else {
            continue;
        };
        for (column, value) in row.iter_mut().enumerate() {
            let column = column as i64;
            while let Some(next) = lowest.next_if(|next| next.from <= column) {
                current = next;
            }
            *value = (current.height + (column - current.at).pow(2)) as u32;
        }
    }
}

/// Adds a parabola that stands to the right of all others; those that it covers leave.
fn add(envelope: &mut Vec<Parabola>, at: i64, height: i64) {
    while let Some(last) = envelope.last() {
        // The new one is strictly lower beyond the point where the two meet.
        let difference = (height + at * at) - (last.height + last.at * last.at);
        let from = difference.div_euclid(2 * (at - last.at)) + 1;
        if from > last.from {
            envelope.push(Parabola { at, height, from });
            return;
        }
        envelope.pop();
    }
    envelope.push(Parabola {
        at,
        height,
        from: 0,
    });
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::{signed_distances, squared_distances};
    use crate::draw::Draws;

    #[test]
    fn every_distance_is_the_one_that_trying_all_seeds_finds() {
        for (height, width) in [(1, 1), (1, 9), (9, 1), (7, 12), (23, 17)] {
            for sparse in [2, 5, 40] {
                let draws = Draws::new(sparse, &[height as u64]);
                let seeds: Vec<_> = (0..height * width)
                    .filter(|pixel| draws.word(*pixel as u64).is_multiple_of(sparse))
                    .map(|pixel| (pixel / width, pixel % width))
                    .collect();
                let field = squared_distances((height, width), seeds.iter().copied());
                assert_eq!(field.is_none(), seeds.is_empty());
                for ((y, x), squared) in field.iter().flat_map(|field| field.indexed_iter()) {
                    let nearest = seeds
                        .iter()
                        .map(|(sy, sx)| y.abs_diff(*sy).pow(2) + x.abs_diff(*sx).pow(2))
                        .min();
                    assert_eq!(
                        Some(*squared as usize),
                        nearest,
                        "{height}x{width} at {y}, {x}"
                    );
                }
            }
        }
    }

    #[test]
    fn inside_is_positive_and_what_is_nowhere_lies_a_diagonal_away() {
        let mask = array![[0, 1, 1, 1]];
        assert_eq!(signed_distances(&mask), array![[-1.0, 1.0, 2.0, 3.0]]);
        let full = array![[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1]];
        assert!(
            signed_distances(&full)
                .iter()
                .all(|distance| (distance - 5.0).abs() < 1e-12)
        );
    }
}
