//! Small fundus-like pictures: a disc with a cup, square or round.

use std::path::Path;

use super::write_rgb;

/// Side of the square pictures.
pub(crate) const SQUARE: u32 = 16;
/// Half-sides of the squares around (6, 9) that are the rim's and the cup's outer edge.
pub(crate) const RIM: u32 = 4;
/// See [`RIM`].
pub(crate) const CUP: u32 = 2;

/// Whether a pixel lies within the square of this half-side.
pub(crate) fn within(x: u32, y: u32, half: u32) -> bool {
    x.abs_diff(6) <= half && y.abs_diff(9) <= half
}

/// The image is bright where the arbitrated disc is: whatever reads it turned or shifted shows.
pub(crate) fn write_square_image(path: &Path) {
    write_rgb(path, SQUARE, SQUARE, |x, y| {
        if within(x, y, RIM) { [240; 3] } else { [10; 3] }
    });
}

/// Side of the round pictures.
pub(crate) const ROUND: u32 = 48;
/// Middle of disc and cup in the round pictures.
pub(crate) const MIDDLE: (f64, f64) = (22.0, 25.0);

/// From the middle.
pub(crate) fn distance(x: u32, y: u32) -> f64 {
    (f64::from(x) - MIDDLE.0).hypot(f64::from(y) - MIDDLE.1)
}

/// Rater r's radii of disc and cup; 0 is the final label's.
pub(crate) fn radii(rater: u32) -> (f64, f64) {
    (14.0 + f64::from(rater), 6.0 + f64::from(rater % 3))
}
