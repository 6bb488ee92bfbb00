//! Two nested contours that were drawn into a picture: from what changed to two filled masks.
//!
//! A line belongs to the mask it surrounds. Whatever does not give exactly two closed lines, one within the other, is refused:
//! a mask guessed wrongly would be trained on without anybody seeing it.

use ndarray::{Array2, ArrayView2, s};

/// What changed more is a line; tried from the first. JPEG compression frays lines, so the band begins well above its noise;
/// a pale line still differs by 30 of 255 steps.
const BAND: [f32; 3] = [80.0 / 255.0, 50.0 / 255.0, 30.0 / 255.0];
/// Gaps of up to twice so many pixels in a line are closed.
const WIDEST_CLOSING: usize = 3;
/// A closed line around less than this share of the largest one's area is a speck.
const SMALLEST_SHARE: f64 = 0.02;

/// What two nested contours surround, `[h, w]`, 0 or 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Drawn {
    pub(super) outer: Array2<u8>,
    pub(super) inner: Array2<u8>,
}

/// Why lines are no two nested contours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// Nothing changed enough.
    #[error("nothing drawn stands out from the picture without contours")]
    Faint,
    /// Lines, but none closed.
    #[error("no line drawn in it is closed")]
    Open,
    /// One closed line alone.
    #[error("one closed contour is drawn in it where two are needed")]
    One,
    /// The inner line runs into the outer one.
    #[error("its two contours touch")]
    Touching,
    /// Two closed lines, neither within the other.
    #[error("its two contours do not lie one within the other")]
    SideBySide,
    /// More than two.
    #[error("{0} closed contours are drawn in it where two are needed")]
    Many(usize),
}

/// Finds the contours in the absolute difference of two pictures, `[h, w]` in 0 to 1.
pub(super) fn drawn(difference: &ArrayView2<'_, f32>) -> Result<Drawn, Fault> {
    let mut first_fault = None;
    for radius in 0..=WIDEST_CLOSING {
        for bound in BAND {
            let lines = difference.mapv(|change| change > bound);
            match nested(&widened(lines, radius, true)) {
                Ok(found) => {
                    // Widening the lines pushed the masks' edges out by as much.
                    let [outer, inner] =
                        found.map(|filled| widened(filled, radius, false).mapv(u8::from));
                    return Ok(Drawn { outer, inner });
                }
                // Neither wider nor paler lines part those that touch.
                Err(Fault::Touching) if radius == 0 => return Err(Fault::Touching),
                Err(Fault::Faint) => {}
                Err(fault) => first_fault = first_fault.or(Some(fault)),
            }
        }
    }
    Err(first_fault.unwrap_or(Fault::Faint))
}

/// `value` spreads by `radius` pixels in the eight directions; beyond the picture's edge there is nothing.
fn widened(mut result: Array2<bool>, radius: usize, value: bool) -> Array2<bool> {
    for _ in 0..radius {
        for axis in [0, 1] {
            let before = result.clone();
            let length = before.len_of(ndarray::Axis(axis));
            if length < 2 {
                continue;
            }
            let (low, high) = (
                ndarray::Slice::from(..length - 1),
                ndarray::Slice::from(1..),
            );
            let spread = |target: &mut bool, neighbour: &bool| {
                if *neighbour == value {
                    *target = value;
                }
            };
            let axis = ndarray::Axis(axis);
            result
                .slice_axis_mut(axis, low)
                .zip_mut_with(&before.slice_axis(axis, high), spread);
            result
                .slice_axis_mut(axis, high)
                .zip_mut_with(&before.slice_axis(axis, low), spread);
        }
    }
    result
}

/// The areas of the two closed lines, the outer one first.
fn nested(lines: &Array2<bool>) -> Result<[Array2<bool>; 2], Fault> {
    if !lines.iter().any(|line| *line) {
        return Err(Fault::Faint);
    }
    let mut closed = closed_lines(lines);
    closed.sort_by_key(|region| std::cmp::Reverse(region.area));
    let largest = closed.first().map_or(0, |region| region.area);
    closed.retain(|region| region.area as f64 >= SMALLEST_SHARE * largest as f64);
    match closed.as_slice() {
        [] => Err(Fault::Open),
        [only] if only.has_several_holes() => Err(Fault::Touching),
        [_] => Err(Fault::One),
        [outer, inner] => {
            let (outer, inner) = (outer.whole(lines.dim()), inner.whole(lines.dim()));
            let leaves = outer.iter().zip(&inner).any(|(outer, inner)| outer < inner);
            if leaves {
                Err(Fault::SideBySide)
            } else {
                Ok([outer, inner])
            }
        }
        more => Err(Fault::Many(more.len())),
    }
}

/// A connected line and what it surrounds, within its bounding box.
#[derive(Debug)]
struct Region {
    top: usize,
    left: usize,
    line: Array2<bool>,
    filled: Array2<bool>,
    /// Filled pixels.
    area: usize,
}

impl Region {
    /// Whether the line surrounds two areas that are no specks.
    fn has_several_holes(&self) -> bool {
        let holes = &self.filled & &!&self.line;
        let sizes = components(&holes, false).into_iter().map(|hole| hole.len());
        sizes
            .filter(|size| *size as f64 >= SMALLEST_SHARE * self.area as f64)
            .count()
            > 1
    }

    /// The filled area in a picture of `dim` rows and columns.
    fn whole(&self, dim: (usize, usize)) -> Array2<bool> {
        let mut whole = Array2::from_elem(dim, false);
        let (height, width) = self.filled.dim();
        whole
            .slice_mut(s![
                self.top..self.top + height,
                self.left..self.left + width
            ])
            .assign(&self.filled);
        whole
    }
}

/// Every connected line that surrounds something.
fn closed_lines(lines: &Array2<bool>) -> Vec<Region> {
    components(lines, true)
        .iter()
        .filter_map(|line| region(line))
        .collect()
}

fn region(line: &[(usize, usize)]) -> Option<Region> {
    let (rows, columns) = (|| line.iter().map(|p| p.0), || line.iter().map(|p| p.1));
    let (top, bottom) = (rows().min()?, rows().max()?);
    let (left, right) = (columns().min()?, columns().max()?);
    let (height, width) = (bottom - top + 1, right - left + 1);
    // A line of fewer than 3 x 3 pixels surrounds nothing.
    if height < 3 || width < 3 {
        return None;
    }
    let mut own = Array2::from_elem((height, width), false);
    for (row, column) in line {
        own[[row - top, column - left]] = true;
    }
    // What the frame around the box reaches without crossing the line lies outside.
    let mut open = Array2::from_elem((height + 2, width + 2), true);
    open.slice_mut(s![1..=height, 1..=width]).assign(&!&own);
    let mut filled = Array2::from_elem((height + 2, width + 2), true);
    for pixel in flood(&mut open, (0, 0), false) {
        filled[pixel] = false;
    }
    let filled = filled.slice(s![1..=height, 1..=width]).to_owned();
    let area = filled.iter().filter(|inside| **inside).count();
    (area > line.len()).then_some(Region {
        top,
        left,
        line: own,
        filled,
        area,
    })
}

/// The connected parts of what is true, pixel by pixel; `diagonal`: corners connect too.
fn components(marks: &Array2<bool>, diagonal: bool) -> Vec<Vec<(usize, usize)>> {
    let mut left = marks.clone();
    let mut found = Vec::new();
    for (start, marked) in marks.indexed_iter() {
        if *marked && left[start] {
            found.push(flood(&mut left, start, diagonal));
        }
    }
    found
}

/// Takes the part connected with `start` out of `left`.
fn flood(left: &mut Array2<bool>, start: (usize, usize), diagonal: bool) -> Vec<(usize, usize)> {
    let (height, width) = left.dim();
    let mut part = vec![start];
    left[start] = false;
    let mut next = 0;
    while let Some((row, column)) = part.get(next).copied() {
        next += 1;
        for y in row.saturating_sub(1)..(row + 2).min(height) {
            for x in column.saturating_sub(1)..(column + 2).min(width) {
                if (diagonal || y == row || x == column) && left[[y, x]] {
                    left[[y, x]] = false;
                    part.push((y, x));
                }
            }
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::{Fault, drawn};

    const SIDE: usize = 60;

    fn distance(y: usize, x: usize, middle: (f64, f64)) -> f64 {
        (y as f64 - middle.0).hypot(x as f64 - middle.1)
    }

    /// Adds a circle of ink two pixels thick whose outer edge lies at `radius`.
    fn circle(picture: &mut Array2<f32>, middle: (f64, f64), radius: f64) {
        for ((y, x), ink) in picture.indexed_iter_mut() {
            let far = distance(y, x, middle);
            if (radius - 2.0..=radius).contains(&far) {
                *ink = 0.8;
            }
        }
    }

    fn blank() -> Array2<f32> {
        // Compression noise below the bound.
        Array2::from_shape_fn((SIDE, SIDE), |(y, x)| ((y * 7 + x * 3) % 5) as f32 * 0.02)
    }

    fn disc(middle: (f64, f64), radius: f64) -> Array2<u8> {
        Array2::from_shape_fn((SIDE, SIDE), |(y, x)| {
            u8::from(distance(y, x, middle) <= radius)
        })
    }

    fn fault(picture: &Array2<f32>) -> Fault {
        drawn(&picture.view()).unwrap_err()
    }

    #[test]
    fn two_circles_become_two_discs() {
        let mut picture = blank();
        circle(&mut picture, (30.0, 30.0), 22.0);
        circle(&mut picture, (32.0, 28.0), 10.0);
        let found = drawn(&picture.view()).unwrap();
        assert_eq!(found.outer, disc((30.0, 30.0), 22.0));
        assert_eq!(found.inner, disc((32.0, 28.0), 10.0));
    }

    #[test]
    fn specks_and_small_gaps_do_not_matter() {
        let mut picture = blank();
        circle(&mut picture, (30.0, 30.0), 22.0);
        circle(&mut picture, (30.0, 30.0), 10.0);
        picture[[2, 2]] = 1.0;
        picture[[57, 57]] = 1.0;
        picture.slice_mut(ndarray::s![29..32, 45..]).fill(0.0);
        let found = drawn(&picture.view()).unwrap();
        let differ = |found: &Array2<u8>, meant: &Array2<u8>| {
            found.iter().zip(meant).filter(|(a, b)| a != b).count()
        };
        assert!(differ(&found.outer, &disc((30.0, 30.0), 22.0)) <= 12);
        assert!(differ(&found.inner, &disc((30.0, 30.0), 10.0)) <= 12);
    }

    #[test]
    fn whatever_is_not_two_nested_contours_is_told() {
        let middle = (30.0, 30.0);
        assert_eq!(fault(&blank()), Fault::Faint);
        let mut line = blank();
        line.row_mut(20).fill(1.0);
        assert_eq!(fault(&line), Fault::Open);
        let mut one = blank();
        circle(&mut one, middle, 20.0);
        assert_eq!(fault(&one), Fault::One);
        let mut touching = one.clone();
        circle(&mut touching, (30.0, 38.0), 12.0);
        assert_eq!(fault(&touching), Fault::Touching);
        let mut beside = blank();
        circle(&mut beside, (14.0, 14.0), 10.0);
        circle(&mut beside, (44.0, 44.0), 11.0);
        assert_eq!(fault(&beside), Fault::SideBySide);
        let mut three = one;
        circle(&mut three, (24.0, 24.0), 5.0);
        circle(&mut three, (36.0, 36.0), 5.0);
        assert_eq!(fault(&three), Fault::Many(3));
        let mut broken = blank();
        circle(&mut broken, middle, 22.0);
        circle(&mut broken, middle, 10.0);
        broken.slice_mut(ndarray::s![22..39, 45..]).fill(0.0);
        assert_eq!(fault(&broken), Fault::One);
    }
}
