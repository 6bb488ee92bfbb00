//! How differently the raters are trusted.

use ndarray::{ArrayRef3, Axis};

/// Standard deviation of the confidences over raters (population: divided by m), averaged over pixels.
///
/// `confidences` is `[m, h, w]`. Equal trust gives 0; trust in one rater alone gives `sqrt(m − 1) / m`.
pub fn confidence_spread(confidences: &ArrayRef3<f32>) -> f64 {
    let (raters, height, width) = confidences.dim();
    if confidences.is_empty() {
        return 0.0;
    }
    let count = raters as f64;
    let sum: f64 = confidences
        .lanes(Axis(0))
        .into_iter()
        .map(|lane| {
            let mean = lane.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
            let squares: f64 = lane
                .iter()
                .map(|value| (f64::from(*value) - mean).powi(2))
                .sum();
            (squares / count).sqrt()
        })
        .sum();
    sum / (height * width) as f64
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};

    #[test]
    fn equal_trust_has_no_spread_and_one_trusted_rater_the_largest() {
        assert!(super::confidence_spread(&Array3::from_elem((4, 2, 2), 0.25)) < 1e-12);
        let one = array![[[1.0]], [[0.0]], [[0.0]], [[0.0]]];
        assert!((super::confidence_spread(&one) - 3.0_f64.sqrt() / 4.0).abs() < 1e-12);
    }
}
