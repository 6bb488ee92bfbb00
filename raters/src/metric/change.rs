//! How much a recurrence changed its predecessor's map.

use ndarray::{ArrayRef2, Zip};

/// Mean over pixels of |now − before|, both `[h, w]`. Below 1e-3 the recurrence changed nothing that matters.
///
/// # Panics
/// Where the sizes differ.
pub fn change(now: &ArrayRef2<f32>, before: &ArrayRef2<f32>) -> f64 {
    let sum = Zip::from(now).and(before).fold(0.0, |sum, now, before| {
        sum + f64::from((now - before).abs())
    });
    sum / now.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    #[test]
    fn the_sign_does_not_matter() {
        let now = array![[0.5, 0.0]];
        let before = array![[0.25, 0.5]];
        assert!((super::change(&now, &before) - 0.375).abs() < f64::EPSILON);
    }
}
