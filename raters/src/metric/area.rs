//! How much of the image a map marks.

use ndarray::ArrayRef2;

/// Share of pixels strictly above 0.5, in 0 to 1. A shrinking mask shows here before it shows in Dice.
pub fn area(map: &ArrayRef2<f32>) -> f64 {
    let marked = map.iter().filter(|value| **value > 0.5).count();
    marked as f64 / map.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    #[test]
    fn one_pixel_of_four_above_a_half() {
        let map = array![[0.5, 0.51], [0.0, 0.2]];
        assert!((super::area(&map) - 0.25).abs() < f64::EPSILON);
    }
}
