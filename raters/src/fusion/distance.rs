//! Exact Euclidean distances to a mask's pixels, in linear time.
//!
//! Felzenszwalb, Huttenlocher: "Distance transforms of sampled functions", Theory of Computing 8, 2012: one pass over columns,
//! one over rows, each the lower envelope of parabolas.

use ndarray::{Array2, ArrayRef2, ArrayViewMut1, Axis};

/// `[h, w]`: inside the mask the distance to the nearest background pixel, outside minus the distance to the nearest marked one,
/// between pixel centres, in pixels. Where there is no such pixel in the image: the length of its diagonal.
pub(super) fn signed_distance(mask: &ArrayRef2<u8>) -> Array2<f64> {
    let (inside, outside) = (
        distance_to(mask, |pixel| pixel == 0),
        distance_to(mask, |pixel| pixel != 0),
    );
    // One of the two is 0 at every pixel.
    inside - outside
}

/// `[h, w]`: distance to the nearest pixel for which `wanted` holds.
fn distance_to(mask: &ArrayRef2<u8>, wanted: impl Fn(u8) -> bool) -> Array2<f64> {
    let (height, width) = mask.dim();
    let farthest = (height * height + width * width) as f64;
    let mut squared = mask.mapv(|pixel| if wanted(pixel) { 0.0 } else { farthest });
    for axis in [Axis(0), Axis(1)] {
        let mut envelope = Envelope::default();
        for line in squared.lanes_mut(axis) {
            envelope.lower(line);
        }
    }
    squared.mapv(|value: f64| value.min(farthest).sqrt())
}

/// Buffers of one pass.
#[derive(Debug, Default)]
struct Envelope {
    /// Positions of the parabolas on the envelope.
    roots: Vec<usize>,
    /// Where each begins to be the lowest.
    begins: Vec<f64>,
    heights: Vec<f64>,
}

impl Envelope {
    /// Replaces `line[x]` by the least of `(x − r)² + line[r]` over r.
    fn lower(&mut self, mut line: ArrayViewMut1<'_, f64>) {
        self.heights.clear();
        self.heights.extend(line.iter());
        self.roots.clear();
        self.begins.clear();
        for place in 0..self.heights.len() {
            let mut begin = f64::NEG_INFINITY;
            while let (Some(root), Some(since)) = (self.roots.last(), self.begins.last()) {
                begin = self.crossing(*root, place);
                if begin > *since {
                    break;
                }
                self.roots.pop();
                self.begins.pop();
                begin = f64::NEG_INFINITY;
            }
            self.roots.push(place);
            self.begins.push(begin);
        }
        let mut lowest = 0;
        for (x, value) in line.iter_mut().enumerate() {
            while self
                .begins
                .get(lowest + 1)
                .is_some_and(|begin| *begin < x as f64)
            {
                lowest += 1;
            }
            let root = self.roots[lowest];
            *value = (x as f64 - root as f64).powi(2) + self.heights[root];
        }
    }

    /// Where the parabola of `later` begins to lie below the one of `earlier`.
    fn crossing(&self, earlier: usize, later: usize) -> f64 {
        let (p, q) = (earlier as f64, later as f64);
        let rise = (self.heights[later] + q * q) - (self.heights[earlier] + p * p);
        rise / (2.0 * (q - p))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::signed_distance;

    #[test]
    fn every_distance_is_the_one_found_by_looking_at_all_pixels() {
        for seed in 0..40_usize {
            let (height, width) = (1 + seed % 7, 1 + seed * 3 % 11);
            let mask = Array2::from_shape_fn((height, width), |(y, x)| {
                u8::from((y * 31 + x * 17 + seed * 13 + y * x * seed) % 9 < seed % 10)
            });
            let found = signed_distance(&mask);
            let diagonal = ((height * height + width * width) as f64).sqrt();
            for ((y, x), own) in mask.indexed_iter() {
                let others = mask.indexed_iter().filter(|(_, other)| *other != own);
                let distances =
                    others.map(|((v, u), _)| (v.abs_diff(y) as f64).hypot(u.abs_diff(x) as f64));
                let nearest = distances.fold(diagonal, f64::min);
                let expected = if *own == 1 { nearest } else { -nearest };
                assert!(
                    (found[[y, x]] - expected).abs() < 1e-9,
                    "seed {seed} at {y}, {x}"
                );
            }
        }
    }
}
