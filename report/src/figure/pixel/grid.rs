//! Where panels stand: groups that stay together, in as many lines as they need.

/// Pixels between panels.
pub(super) const GAP: f64 = 8.0;
/// The margin on both sides.
pub(super) const MARGIN: f64 = 14.0;

/// Panels of one size in lines.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grid {
    /// Side of a panel's square, in pixels.
    pub(super) side: f64,
    /// Lines.
    pub(super) lines: usize,
    /// Every panel's place.
    pub(super) places: Vec<Place>,
}

/// One panel's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Its group.
    pub(super) group: usize,
    /// Its number in the group.
    pub(super) panel: usize,
    /// Its line and column.
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Grid {
    /// Groups of so many panels each, one after the other. A group that does not fit into what is left of a line begins the next: under
    /// the second group where that takes no more lines, so that panels of one number stand under each other. One that fits into no line
    /// goes on in the next. Panels have `sides` (smallest, largest) pixels on a figure of `width`.
    pub(super) fn new(groups: &[usize], width: f64, sides: (f64, f64)) -> Self {
        let room = width - 2.0 * MARGIN + GAP;
        let most = ((room / (sides.0 + GAP)) as usize).max(1);
        let lines_of = |places: &[Place]| places.last().map_or(0, |place| place.line + 1);
        let mut places = laid(groups, most, 0);
        let under = laid(groups, most, groups.first().copied().unwrap_or(0));
        if lines_of(&under) == lines_of(&places) {
            places = under;
        }
        let columns = places.iter().map(|place| place.column + 1).max();
        let side = room / columns.unwrap_or(1) as f64 - GAP;
        Self {
            side: side.min(sides.1).floor(),
            lines: lines_of(&places),
            places,
        }
    }

    /// Left end of a column.
    pub(super) fn left(&self, column: usize) -> f64 {
        MARGIN + column as f64 * (self.side + GAP)
    }

    /// Places at which a group begins or goes on in a new line, with the pixels it has there.
    pub(super) fn starts(&self) -> impl Iterator<Item = (Place, f64)> + '_ {
        let is_start = |place: &&Place| place.panel == 0 || place.column == 0;
        self.places.iter().filter(is_start).map(|start| {
            let beside = |place: &&Place| (place.group, place.line) == (start.group, start.line);
            let count = self.places.iter().filter(beside).count() as f64;
            (*start, count * (self.side + GAP) - GAP)
        })
    }
}

/// Places of groups in lines of at most `most` panels; a group that begins a line begins at column `indent` where it fits there.
fn laid(groups: &[usize], most: usize, indent: usize) -> Vec<Place> {
    let (mut line, mut column) = (0, 0);
    let mut places = Vec::new();
    for (group, count) in groups.iter().enumerate() {
        if column > 0 && column + count > most {
            line += 1;
            column = if indent + count <= most { indent } else { 0 };
        }
        for panel in 0..*count {
            if column == most {
                (line, column) = (line + 1, 0);
            }
            places.push(Place {
                group,
                panel,
                line,
                column,
            });
            column += 1;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::Grid;

    fn places(groups: &[usize]) -> Vec<(usize, usize)> {
        let grid = Grid::new(groups, 900.0, (110.0, 170.0));
        assert!(grid.side >= 110.0 && grid.side <= 170.0);
        grid.places.iter().map(|at| (at.line, at.column)).collect()
    }

    #[test]
    fn groups_stay_together_and_begin_a_line_where_they_must() {
        let start = [(0, 0), (0, 1), (0, 2)];
        let first = [(0, 3), (0, 4), (0, 5)];
        let second = [(1, 3), (1, 4), (1, 5)];
        assert_eq!(places(&[3, 3, 3]), [start, first, second].concat());
        // Two arms a line take fewer lines than one under the other.
        let second = [(1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (1, 5)];
        assert_eq!(places(&[3, 3, 3, 3])[6..], second);
        let whole: Vec<_> = (0..7).map(|column| (0, column)).collect();
        assert_eq!(places(&[3, 2, 2]), whole);
    }

    #[test]
    fn a_group_longer_than_a_line_goes_on_in_the_next() {
        let grid = Grid::new(&[1, 9], 900.0, (110.0, 170.0));
        let last = grid.places[9];
        assert_eq!((last.line, last.column), (2, 1));
        let starts: Vec<_> = grid.starts().map(|(at, _)| (at.group, at.line)).collect();
        assert_eq!(starts, [(0, 0), (1, 1), (1, 2)]);
    }
}
