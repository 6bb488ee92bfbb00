//! Contours as the data of an SVG's path: short, and as exact as anybody sees.

use std::fmt::Write as _;

use mrprism_raters::contour::{Contour, Point};

/// Whole units of a path that a pixel of the figure takes.
const FINE: f64 = 10.0;
/// Pixels of the figure by which a line may leave a vertex that was found: less than anybody sees.
const TOLERANCE: f64 = 0.2;

/// A path in whole units.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path {
    /// What stands in `d`.
    pub(super) data: String,
    /// Units that a pixel of the contours' map takes.
    pub(super) units: f64,
}

impl Path {
    /// Contours of which a pixel is shown as at most `scale` pixels of the figure.
    pub(super) fn of(contours: &[Contour], scale: f64) -> Self {
        let units = (scale * FINE).round().max(2.0);
        Self {
            data: data(contours, units, TOLERANCE / scale),
            units,
        }
    }
}

/// Steps from vertex to vertex, without the vertices that `tolerance` (in pixels of the map) allows to leave out.
fn data(contours: &[Contour], units: f64, tolerance: f64) -> String {
    let unit = |value: f64| (value * units).round() as i64;
    let mut written = String::new();
    for contour in contours {
        let kept = thinned(&contour.points, tolerance);
        let mut places: Vec<_> = kept
            .iter()
            .map(|point| (unit(point.x), unit(point.y)))
            .collect();
        places.dedup();
        let Some((x, y)) = places.first() else {
            continue;
        };
        let _ = write!(written, "M{x} {y}l");
        let steps = places
            .windows(2)
            .map(|pair| (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1));
        for (at, (dx, dy)) in steps.enumerate() {
            let before = if at == 0 || dx < 0 { "" } else { " " };
            let between = if dy < 0 { "" } else { " " };
            let _ = write!(written, "{before}{dx}{between}{dy}");
        }
        if contour.closed {
            written.push('Z');
        }
    }
    written
}

/// The vertices that keep every other within `tolerance` of the line: both ends, then the farthest between, and so on (Douglas and
/// Peucker 1973).
fn thinned(points: &[Point], tolerance: f64) -> Vec<Point> {
    let mut kept = vec![false; points.len()];
    let mut open = vec![(0, points.len().saturating_sub(1))];
    while let Some((first, last)) = open.pop() {
        for end in [first, last] {
            if let Some(end) = kept.get_mut(end) {
                *end = true;
            }
        }
        let between = (first + 1)..last;
        let far = between.map(|at| (distance(points[at], points[first], points[last]), at));
        let farthest = far.max_by(|(a, _), (b, _)| a.total_cmp(b));
        if let Some((_, at)) = farthest.filter(|(far, _)| *far > tolerance) {
            open.extend([(first, at), (at, last)]);
        }
    }
    let all = points.iter().zip(kept);
    all.filter(|(_, kept)| *kept)
        .map(|(point, _)| *point)
        .collect()
}

/// From a point to the line between two others, ends included.
fn distance(point: Point, from: Point, to: Point) -> f64 {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let squared = dx * dx + dy * dy;
    let (x, y) = (point.x - from.x, point.y - from.y);
    let along = if squared > 0.0 {
        ((x * dx + y * dy) / squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (x - along * dx).hypot(y - along * dy)
}

#[cfg(test)]
mod tests {
    use mrprism_raters::contour::{Contour, Point};

    use super::{Path, data, thinned};

    fn points(places: &[(f64, f64)]) -> Vec<Point> {
        places.iter().map(|(x, y)| Point { x: *x, y: *y }).collect()
    }

    #[test]
    fn a_path_joins_steps_in_one_direction_and_comes_back_to_where_it_was() {
        let square = [(1.0, 0.5), (1.5, 1.0), (2.0, 1.5), (1.5, 2.0), (0.5, 1.0)];
        let contour = |closed| Contour {
            points: points(&square),
            closed,
        };
        assert_eq!(
            data(&[contour(true)], 20.0, 1e-6),
            "M20 10l20 20-10 10-20-20Z"
        );
        assert_eq!(
            data(&[contour(false)], 20.0, 1e-6),
            "M20 10l20 20-10 10-20-20"
        );
        let small = Path::of(&[contour(true)], 1.0);
        assert_eq!(
            (small.data.as_str(), small.units),
            ("M10 5l10 10-5 5-10-10Z", 10.0)
        );
        assert_eq!(Path::of(&[], 1.0).data, "");
    }

    #[test]
    fn vertices_are_left_out_as_far_as_the_line_stays_near_them() {
        let stairs: Vec<_> = (0..20)
            .map(|x| (f64::from(x), f64::from(x % 2) * 0.2))
            .collect();
        let mut line = points(&stairs);
        assert_eq!(thinned(&line, 0.25), [line[0], line[19]]);
        assert_eq!(thinned(&line, 0.05), line);
        line[10].y = 5.0;
        let kept = thinned(&line, 0.25);
        assert!(kept.contains(&line[10]) && kept.len() < 8, "{kept:?}");
        assert_eq!(thinned(&[], 1.0), []);
    }
}
