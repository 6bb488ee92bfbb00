//! Numbers from 0 to 1 in sixteen bits: 65535 is 1.

use ndarray::{Array, ArrayRef, Dimension};

const ONE: f32 = 65_535.0;

/// Nearest fixed-point number; outside 0 to 1 the nearer end, NaN 0.
pub fn to_fixed(value: f32) -> u16 {
    (value.clamp(0.0, 1.0) * ONE).round() as u16
}

/// The value that is thresholded and averaged wherever a stored prediction is scored.
pub fn from_fixed(fixed: u16) -> f32 {
    f32::from(fixed) / ONE
}

/// [`from_fixed`] of a whole array.
pub fn map_from_fixed<D: Dimension>(fixed: &ArrayRef<u16, D>) -> Array<f32, D> {
    fixed.mapv(from_fixed)
}

#[cfg(test)]
mod tests {
    use super::{from_fixed, to_fixed};

    #[test]
    fn every_number_comes_back_and_the_rest_is_clamped() {
        assert!((0..=u16::MAX).all(|fixed| to_fixed(from_fixed(fixed)) == fixed));
        assert_eq!(
            [-1.0, 2.0, f32::NAN, f32::INFINITY].map(to_fixed),
            [0, u16::MAX, 0, u16::MAX]
        );
    }

    #[test]
    fn no_number_lies_on_a_threshold() {
        for threshold in [0.1_f32, 0.3, 0.5, 0.7, 0.9] {
            assert!((0..=u16::MAX).all(|fixed| (from_fixed(fixed) - threshold).abs() > 1e-6));
        }
    }
}
