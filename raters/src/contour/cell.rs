//! One cell of marching squares: which of its sides are crossed, and how the crossings are joined.

use ndarray::ArrayRef2;

use super::Point;

/// The line between two neighbouring pixel middles, named by its upper or left end. Ordered by row, then column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    row: u32,
    column: u32,
    downwards: bool,
}

impl Edge {
    /// Where the level is crossed between the edge's two ends, by linear interpolation.
    pub(super) fn crossing<T: Copy + Into<f64>>(self, map: &ArrayRef2<T>, level: f64) -> Point {
        let (row, column) = (self.row as usize, self.column as usize);
        let first: f64 = map[[row, column]].into();
        let second: f64 = if self.downwards {
            map[[row + 1, column]].into()
        } else {
            map[[row, column + 1]].into()
        };
        let share = (level - first) / (second - first);
        let (x, y) = (column as f64, row as f64);
        if self.downwards {
            Point { x, y: y + share }
        } else {
            Point { x: x + share, y }
        }
    }
}

/// A cell's sides.
#[derive(Debug, Clone, Copy)]
enum Side {
    Top,
    Right,
    Bottom,
    Left,
}

use Side::{Bottom, Left, Right, Top};

/// Segments of a cell by its high corners, bit 0 the upper left, then clockwise. Higher ground lies on the right hand of each
/// segment; in the two saddles (5 and 10) each high corner is cut off by itself.
const JOINED: [&[(Side, Side)]; 16] = [
    &[],
    &[(Top, Left)],
    &[(Right, Top)],
    &[(Right, Left)],
    &[(Bottom, Right)],
    &[(Top, Left), (Bottom, Right)],
    &[(Bottom, Top)],
    &[(Bottom, Left)],
    &[(Left, Bottom)],
    &[(Top, Bottom)],
    &[(Right, Top), (Left, Bottom)],
    &[(Right, Bottom)],
    &[(Left, Right)],
    &[(Top, Right)],
    &[(Left, Top)],
    &[],
];

/// Every segment of the map, cell by cell.
pub(super) fn segments<T: Copy + Into<f64>>(map: &ArrayRef2<T>, level: f64) -> Vec<(Edge, Edge)> {
    let (height, width) = map.dim();
    let mut found = Vec::new();
    for y in 0..height.saturating_sub(1) {
        for x in 0..width.saturating_sub(1) {
            let corners = [[y, x], [y, x + 1], [y + 1, x + 1], [y + 1, x]].map(|at| map[at].into());
            if corners.iter().any(|value| !value.is_finite()) {
                continue;
            }
            let high = |bit: usize| usize::from(corners[bit] > level) << bit;
            let shape = high(0) | high(1) | high(2) | high(3);
            let edge = |side| side_of(side, y as u32, x as u32);
            found.extend(JOINED[shape].iter().map(|(a, b)| (edge(*a), edge(*b))));
        }
    }
    found
}

fn side_of(side: Side, row: u32, column: u32) -> Edge {
    let (row, column, downwards) = match side {
        Top => (row, column, false),
        Bottom => (row + 1, column, false),
        Left => (row, column, true),
        Right => (row, column + 1, true),
    };
    Edge {
        row,
        column,
        downwards,
    }
}
