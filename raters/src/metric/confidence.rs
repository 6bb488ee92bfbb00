//! How much each rater is trusted, and how differently.

use ndarray::{ArrayRef2, ArrayRef3, Axis, Zip};

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

/// Each rater's mean confidence over the pixels that `region` `[h, w]` marks; none where it marks nothing.
///
/// `confidences` is `[m, h, w]`, of the region's size. Shares that sum to 1 at every pixel give means that sum to 1.
pub fn mean_confidences(
    confidences: &ArrayRef3<f32>,
    region: &ArrayRef2<bool>,
) -> Option<Vec<f64>> {
    let pixels = region.iter().filter(|inside| **inside).count();
    if pixels == 0 {
        return None;
    }
    let of_rater = |map: ndarray::ArrayView2<'_, f32>| {
        let sum = Zip::from(map).and(region).fold(0.0, |sum, value, inside| {
            sum + if *inside { f64::from(*value) } else { 0.0 }
        });
        sum / pixels as f64
    };
    Some(confidences.axis_iter(Axis(0)).map(of_rater).collect())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, array};

    #[test]
    fn equal_trust_has_no_spread_and_one_trusted_rater_the_largest() {
        assert!(super::confidence_spread(&Array3::from_elem((4, 2, 2), 0.25)) < 1e-12);
        let one = array![[[1.0]], [[0.0]], [[0.0]], [[0.0]]];
        assert!((super::confidence_spread(&one) - 3.0_f64.sqrt() / 4.0).abs() < 1e-12);
    }

    #[test]
    fn confidences_are_averaged_inside_the_region_alone() {
        let confidences = array![[[0.25, 0.5, 1.0]], [[0.75, 0.5, 0.0]]];
        let inside = array![[true, true, false]];
        let means = super::mean_confidences(&confidences, &inside).unwrap();
        assert_eq!(means, [0.375, 0.625]);
        let nowhere = Array2::from_elem((1, 3), false);
        assert_eq!(super::mean_confidences(&confidences, &nowhere), None);
    }
}
