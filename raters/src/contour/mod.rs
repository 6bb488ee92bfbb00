//! Contours: where a mask or a soft map crosses a level, by marching squares with sub-pixel vertices.
//!
//! The map is taken as heights at the pixels' middles; a **cell** is the square between four neighbouring middles. Each cell
//! side whose ends lie on different sides of the level carries one vertex, placed by linear interpolation; each cell joins its
//! vertices by directed segments with the higher ground on the right hand (x to the right, y down). Every vertex is therefore
//! entered by at most one segment and left by at most one, and the segments link into polylines without a choice.
//! (Lorensen and Cline 1987, in two dimensions.)

mod cell;

use ndarray::ArrayRef2;

use cell::{Edge, segments};

/// A vertex in pixels: the middle of the pixel in row 0 and column 0 is (0, 0).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Along a row, to the right.
    pub x: f64,
    /// Along a column, downwards.
    pub y: f64,
}

/// One polyline.
#[derive(Debug, Clone, PartialEq)]
pub struct Contour {
    /// Vertices in order, each on a line between two neighbouring pixel middles; the first is not repeated at the end.
    pub points: Vec<Point>,
    /// Whether the last vertex is joined to the first. An open contour ends at the image's border or beside a pixel that is
    /// not finite.
    pub closed: bool,
}

impl Contour {
    /// The area inside by the shoelace formula, in square pixels: positive where the contour surrounds higher ground, negative
    /// round a hole. An open contour is closed by a straight line.
    pub fn signed_area(&self) -> f64 {
        let following = self.points.iter().cycle().skip(1);
        let twice: f64 = self
            .points
            .iter()
            .zip(following)
            .map(|(a, b)| a.x * b.y - b.x * a.y)
            .sum();
        twice / 2.0
    }

    /// Length along the polyline in pixels, the closing side of a closed one included.
    pub fn length(&self) -> f64 {
        let count = self.points.len();
        let sides = if self.closed {
            count
        } else {
            count.saturating_sub(1)
        };
        let following = self.points.iter().cycle().skip(1);
        self.points
            .iter()
            .zip(following)
            .take(sides)
            .map(|(a, b)| (a.x - b.x).hypot(a.y - b.y))
            .sum()
    }
}

/// Every contour of a map at `level`, holes among them: open ones first, each kind in order of the
/// row, then the column, in which it begins (a closed one begins in its topmost row).
///
/// Map `[h, w]`. A pixel is high where its value is above the level (not equal to it): give 0.5 for a mask of 0 and 1.
/// **Saddle rule:** where two high pixels touch only by a corner they are apart, and the two low ones joined. Pixels that
/// are not finite have no contour beside them.
pub fn contours<T: Copy + Into<f64>>(map: &ArrayRef2<T>, level: f64) -> Vec<Contour> {
    let mut segments = segments(map, level);
    segments.sort_unstable();
    let mut entered: Vec<Edge> = segments.iter().map(|(_, to)| *to).collect();
    entered.sort_unstable();
    let mut used = vec![false; segments.len()];
    let mut found = Vec::new();
    let starts_open = |from: &Edge| entered.binary_search(from).is_err();
    for wants_open in [true, false] {
        for first in 0..segments.len() {
            if used[first] || (wants_open && !starts_open(&segments[first].0)) {
                continue;
            }
            let edges = follow(&segments, &mut used, first);
            let mut points: Vec<_> = edges.iter().map(|edge| edge.crossing(map, level)).collect();
            // Where a pixel equals the level, the vertices of its sides fall together.
            points.dedup();
            if !wants_open && points.len() > 1 && points.first() == points.last() {
                points.pop();
            }
            if points.len() > 1 {
                found.push(Contour {
                    points,
                    closed: !wants_open,
                });
            }
        }
    }
    found
}

/// Edges from the start of segment `first` on, until nothing follows or the circle is closed.
fn follow(segments: &[(Edge, Edge)], used: &mut [bool], first: usize) -> Vec<Edge> {
    let start = segments[first].0;
    let mut edges = vec![start];
    let mut next = Some(first);
    while let Some(position) = next {
        used[position] = true;
        let to = segments[position].1;
        if to == start {
            break;
        }
        edges.push(to);
        next = segments.binary_search_by_key(&to, |(from, _)| *from).ok();
    }
    edges
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::{Point, contours};

    #[test]
    fn a_single_pixel_is_a_diamond() {
        let mask = array![[0_u8, 0, 0], [0, 1, 0], [0, 0, 0]];
        let found = contours(&mask, 0.5);
        assert_eq!(found.len(), 1);
        let diamond = [(1.0, 0.5), (1.5, 1.0), (1.0, 1.5), (0.5, 1.0)];
        assert_eq!(found[0].points, diamond.map(|(x, y)| Point { x, y }));
        assert!(found[0].closed);
        assert!((found[0].signed_area() - 0.5).abs() < 1e-12);
        assert!((found[0].length() - 4.0 * 0.5_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_hole_is_a_contour_of_its_own_that_runs_the_other_way() {
        let mut mask = Array2::<u8>::zeros((7, 7));
        mask.slice_mut(ndarray::s![1..6, 1..6]).fill(1);
        mask[[3, 3]] = 0;
        let areas: Vec<_> = contours(&mask, 0.5)
            .iter()
            .map(super::Contour::signed_area)
            .collect();
        assert_eq!(areas, [24.5, -0.5]);
    }

    #[test]
    fn pixels_that_touch_by_a_corner_are_apart_and_the_gap_between_them_is_joined() {
        let mask = array![[0_u8, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]];
        assert_eq!(contours(&mask, 0.5).len(), 2);
        let complement = mask.mapv(|pixel| 1 - pixel);
        assert_eq!(contours(&complement, 0.5).len(), 1);
    }

    #[test]
    fn at_the_border_a_contour_stays_open() {
        let mask = array![[1_u8, 0], [1, 0]];
        let found = contours(&mask, 0.5);
        assert_eq!(found.len(), 1);
        assert!(!found[0].closed);
        assert_eq!(
            found[0].points,
            [Point { x: 0.5, y: 0.0 }, Point { x: 0.5, y: 1.0 }]
        );
    }

    #[test]
    fn maps_without_a_crossing_have_no_contour() {
        assert_eq!(contours(&Array2::<f32>::zeros((5, 5)), 0.5), []);
        assert_eq!(contours(&Array2::<f32>::ones((1, 5)), 0.5), []);
        assert_eq!(contours(&Array2::<u8>::zeros((0, 0)), 0.5), []);
        assert_eq!(
            contours(&Array2::<f32>::from_elem((4, 4), f32::NAN), 0.5),
            []
        );
    }

    #[test]
    fn a_pixel_at_the_level_is_low_and_its_vertices_fall_together() {
        let map = array![[0.0_f64, 0.0, 0.0], [0.0, 1.0, 0.5], [0.0, 0.0, 0.0]];
        let found = contours(&map, 0.5);
        assert_eq!(found.len(), 1);
        assert!(found[0].points.contains(&Point { x: 2.0, y: 1.0 }));
    }
}
