//! Small grey copies of images, by which nearly equal images are known.

use ndarray::{Array2, Array3, ArrayRef2, Axis};

/// Side of the finer copy in pixels; the coarser has half of it.
const SIDE: usize = 32;

/// An image averaged over 32 × 32 and 16 × 16 areas, channels averaged.
#[derive(Debug, Clone)]
pub(super) struct Thumbnail {
    /// 32 × 32 values, row by row.
    pub(super) fine: Vec<f32>,
    /// 16 × 16 values, row by row.
    pub(super) coarse: Vec<f32>,
}

impl Thumbnail {
    /// Image `[c, h, w]`, stretched to a square whatever its shape.
    pub(super) fn of(image: &Array3<f32>) -> Self {
        let grey = image
            .mean_axis(Axis(0))
            .unwrap_or_else(|| Array2::zeros((1, 1)));
        let fine = averaged(&averaged(&grey, SIDE).t(), SIDE).t().to_owned();
        let coarse = fine
            .exact_chunks((2, 2))
            .into_iter()
            .map(|four| four.sum() / 4.0);
        Self {
            coarse: coarse.collect(),
            fine: fine.iter().copied().collect(),
        }
    }
}

/// Rows averaged over `count` equal stretches; a row that lies in two counts in each by its share.
fn averaged(image: &ArrayRef2<f32>, count: usize) -> Array2<f32> {
    let (height, width) = image.dim();
    let step = height as f64 / count as f64;
    let mut result = Array2::zeros((count, width));
    for (i, mut target) in result.rows_mut().into_iter().enumerate() {
        let (start, end) = (i as f64 * step, (i + 1) as f64 * step);
        for row in start as usize..(end.ceil() as usize).min(height) {
            let share = (end.min((row + 1) as f64) - start.max(row as f64)).max(0.0) / step;
            target.scaled_add(share as f32, &image.row(row));
        }
    }
    result
}

/// Values with mean 0 and length 1, so that the sum of products of two is their correlation; zeros of constant values.
pub(super) fn normalised(values: &[f32]) -> Vec<f32> {
    let mean = values.iter().sum::<f32>() / values.len().max(1) as f32;
    let length = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f32>()
        .sqrt();
    let scale = if length > 1e-6 { 1.0 / length } else { 0.0 };
    values.iter().map(|value| (value - mean) * scale).collect()
}

/// Correlation of two normalised images.
pub(super) fn correlation(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::{Thumbnail, correlation, normalised};

    #[test]
    fn any_size_gives_the_same_averages() {
        for (height, width) in [(32, 32), (64, 96), (45, 71), (8, 6), (1, 1)] {
            let ramp = Array3::from_shape_fn((2, height, width), |(c, _, x)| {
                c as f32 + (x as f32 + 0.5) / width as f32
            });
            let thumbnail = Thumbnail::of(&ramp);
            assert_eq!(thumbnail.fine.len(), 32 * 32);
            assert_eq!(thumbnail.coarse.len(), 16 * 16);
            let mean = thumbnail.coarse.iter().sum::<f32>() / 256.0;
            assert!((mean - 1.0).abs() < 1e-4, "{height}x{width}: {mean}");
        }
    }

    #[test]
    fn correlation_ignores_brightness_and_contrast() {
        let values: Vec<f32> = (0..64).map(|i| ((i * 37) % 64) as f32).collect();
        let other: Vec<f32> = values.iter().map(|value| 3.0 * value + 5.0).collect();
        assert!((correlation(&normalised(&values), &normalised(&other)) - 1.0).abs() < 1e-5);
        assert_eq!(normalised(&[2.0; 4]), [0.0; 4]);
    }
}
