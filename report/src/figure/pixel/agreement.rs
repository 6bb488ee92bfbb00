//! How well raters agree, each with each, and how much each of them marks.

use mrprism_protocol::spec::RaterIdentity;
use mrprism_raters::case::Case;
use mrprism_raters::metric::pairwise_dice;
use mrprism_raters::picture::{Colour, INK, PALE, rater_pen};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::super::draw::{SMALL, TITLE};
use super::super::panel::NoFigure;
use super::super::picture::Picture;
use super::axes::{failed, readable_on, rgb, shade, write};
use crate::print::joined;

const WIDTH: u32 = 900;
const HEAD: i32 = 44;
/// Pixels that the matrix may take across, and the largest cell.
const MATRIX: i32 = 500;
const LARGEST: i32 = 84;
/// Pixels of the raters' names.
const NAMES: i32 = 52;
/// Pixels below the matrix: the scale and its numbers.
const FOOT: i32 = 70;
/// The ground of the diagonal, where everybody agrees with himself.
const OWN: Colour = [240, 240, 240];
/// Where the bars of area begin, from the matrix' right end, and how long the longest is.
const BARS: i32 = 60;
const LONGEST: i32 = 190;

/// A mean over cases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// The mean, in 0 to 1.
    pub mean: f64,
    /// Cases it is of.
    pub cases: usize,
}

/// The matrix of mean Dice between raters, and each rater's mean area.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// Over the figure.
    pub title: String,
    /// `[m][m]`, alike on both sides of the diagonal; none on it, and where two raters never marked the same case.
    pub dice: Vec<Vec<Option<Cell>>>,
    /// Each rater's mean share of the image; none of a rater who marked nothing.
    pub areas: Vec<Option<Cell>>,
}

/// A running mean.
#[derive(Clone, Copy, Default)]
struct Sum {
    total: f64,
    cases: usize,
}

impl Sum {
    fn add(&mut self, value: f64) {
        self.total += value;
        self.cases += 1;
    }

    fn mean(self) -> Option<Cell> {
        let cases = self.cases;
        (cases > 0).then(|| Cell {
            mean: self.total / cases as f64,
            cases,
        })
    }
}

impl Agreement {
    /// Dice of every pair of raters on one structure, averaged over the cases that both marked; two empty masks agree. `name` says
    /// of what: data set, structure.
    ///
    /// # Errors
    /// [`NoFigure`] where raters are exchangeable, fewer than two, or not as many in every case, and where there is no case.
    pub fn of(
        cases: &[Case],
        structure: usize,
        name: &str,
        identity: RaterIdentity,
    ) -> Result<Self, NoFigure> {
        if identity == RaterIdentity::Exchangeable {
            return Err(NoFigure::Refused(format!(
                "the raters of {name} are exchangeable: slot 1 of one case is not who slot 1 of the next is, so that no cell would be of two people"
            )));
        }
        let first = cases
            .first()
            .ok_or_else(|| NoFigure::Empty(format!("{name} has no case")))?;
        let raters = first.raters();
        if raters < 2 {
            return Err(NoFigure::Empty(format!(
                "{name} has one rater, and nobody to agree with"
            )));
        }
        let mut dice = vec![vec![Sum::default(); raters]; raters];
        let mut areas = vec![Sum::default(); raters];
        for case in cases {
            if case.raters() != raters {
                return Err(NoFigure::Refused(format!(
                    "case '{}' has {} raters and '{}' {raters}: show cases of one data set",
                    case.name,
                    case.raters(),
                    first.name
                )));
            }
            if structure >= case.structures() {
                return Err(NoFigure::Refused(format!(
                    "case '{}' has no structure {}: it has {}",
                    case.name,
                    structure + 1,
                    case.structures()
                )));
            }
            for (one, other, value) in pairwise_dice(case, structure) {
                dice[one][other].add(value);
                dice[other][one].add(value);
            }
            for rater in case.present_raters() {
                let mask = case.mask(rater, structure);
                let marked = mask.iter().filter(|pixel| **pixel != 0).count();
                areas[rater].add(marked as f64 / mask.len().max(1) as f64);
            }
        }
        let row = |row: Vec<Sum>| row.into_iter().map(Sum::mean).collect();
        Ok(Self {
            title: format!("Agreement of raters, {name}"),
            dice: dice.into_iter().map(row).collect(),
            areas: areas.into_iter().map(Sum::mean).collect(),
        })
    }

    /// Pixels a cell.
    fn cell(&self) -> i32 {
        (MATRIX / self.dice.len() as i32).min(LARGEST)
    }

    /// Both ends of the scale, × 100: fives that hold every pair.
    fn scale(&self) -> (f64, f64) {
        let values = self
            .dice
            .iter()
            .flatten()
            .flatten()
            .map(|cell| cell.mean * 20.0);
        let (low, high) = values.fold((20.0_f64, 0.0_f64), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let low = low.floor() * 5.0;
        (low, (high.ceil() * 5.0).max(low + 5.0).min(100.0))
    }
}

impl Picture for Agreement {
    fn size(&self) -> (u32, u32) {
        let matrix = self.cell() * self.dice.len() as i32;
        (WIDTH, (HEAD + NAMES / 2 + matrix + FOOT) as u32)
    }

    fn draw<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<(), NoFigure> {
        let left = (HPos::Left, VPos::Top);
        write(root, &self.title, (14, 10), (TITLE, INK), left)?;
        self.draw_matrix(root)?;
        self.draw_areas(root)?;
        self.draw_scale(root)
    }

    /// Every pair once and every rater's area, × 100.
    fn csv(&self) -> String {
        let mut lines = vec!["measure,rater,other,mean,cases".to_owned()];
        let mut line = |measure: &str, rater: usize, other: String, cell: &Option<Cell>| {
            lines.push(joined(&[
                measure.to_owned(),
                format!("R{}", rater + 1),
                other,
                cell.map_or_else(String::new, |cell| (cell.mean * 100.0).to_string()),
                cell.map_or(0, |cell| cell.cases).to_string(),
            ]));
        };
        for (rater, row) in self.dice.iter().enumerate() {
            for (other, cell) in row.iter().enumerate().skip(rater + 1) {
                line("dice", rater, format!("R{}", other + 1), cell);
            }
        }
        for (rater, cell) in self.areas.iter().enumerate() {
            line("area", rater, String::new(), cell);
        }
        lines.join("\n") + "\n"
    }
}

impl Agreement {
    fn draw_matrix<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
    ) -> Result<(), NoFigure> {
        let side = self.cell();
        let (left, top) = (NAMES, HEAD + NAMES / 2);
        let (low, high) = self.scale();
        let middle = (HPos::Center, VPos::Center);
        let size = if side >= 44 { SMALL + 1 } else { SMALL - 3 };
        for (row, cells) in self.dice.iter().enumerate() {
            let y = top + row as i32 * side;
            let name = format!("R{}", row + 1);
            let beside = (left - 10, y + side / 2);
            let right = (HPos::Right, VPos::Center);
            write(root, &name, beside, (SMALL, INK), right)?;
            let above = (left + row as i32 * side + side / 2, top - 12);
            write(root, &name, above, (SMALL, INK), middle)?;
            for (column, cell) in cells.iter().enumerate() {
                let x = left + column as i32 * side;
                let percent = cell.map(|cell| cell.mean * 100.0);
                let ground = percent.map_or(OWN, |percent| shade((percent - low) / (high - low)));
                let square =
                    Rectangle::new([(x, y), (x + side - 2, y + side - 2)], rgb(ground).filled());
                root.draw(&square).map_err(failed)?;
                let place = (x + side / 2 - 1, y + side / 2 - 1);
                let (words, ink) = match percent {
                    Some(percent) => (format!("{percent:.1}"), readable_on(ground)),
                    None if row == column => continue,
                    None => ("–".to_owned(), PALE),
                };
                write(root, &words, place, (size, ink), middle)?;
            }
        }
        Ok(())
    }

    fn draw_areas<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
    ) -> Result<(), NoFigure> {
        let side = self.cell();
        let (left, top) = (
            NAMES + side * self.dice.len() as i32 + BARS,
            HEAD + NAMES / 2,
        );
        let areas = self.areas.iter().flatten().map(|cell| cell.mean);
        let largest = areas.fold(0.0, f64::max);
        let heading = (left, top - 12);
        let anchor = (HPos::Left, VPos::Center);
        write(
            root,
            "mean area, % of the image",
            heading,
            (SMALL, INK),
            anchor,
        )?;
        for (rater, cell) in self.areas.iter().enumerate() {
            let middle = top + rater as i32 * side + side / 2 - 1;
            let half = (side * 3 / 10).clamp(3, 16);
            let beside = (left - 8, middle);
            let right = (HPos::Right, VPos::Center);
            write(
                root,
                &format!("R{}", rater + 1),
                beside,
                (SMALL, INK),
                right,
            )?;
            let (long, words) = match cell {
                Some(cell) if largest > 0.0 => {
                    let long = (cell.mean / largest * f64::from(LONGEST)).round() as i32;
                    (long, format!("{:.2}", cell.mean * 100.0))
                }
                Some(_) => (0, "0.00".to_owned()),
                None => (0, "–".to_owned()),
            };
            let bar = [(left, middle - half), (left + long, middle + half)];
            let bar = Rectangle::new(bar, rgb(rater_pen(rater, 1.0).colour).filled());
            root.draw(&bar).map_err(failed)?;
            let after = (left + long + 8, middle);
            write(root, &words, after, (SMALL, INK), anchor)?;
        }
        Ok(())
    }

    fn draw_scale<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
    ) -> Result<(), NoFigure> {
        const STEPS: i32 = 60;
        let matrix = self.cell() * self.dice.len() as i32;
        let top = HEAD + NAMES / 2 + matrix + 16;
        let (low, high) = self.scale();
        let long = (matrix - 2).min(300);
        let place = |step: i32| NAMES + long * step / STEPS;
        for step in 0..STEPS {
            let ground = shade((f64::from(step) + 0.5) / f64::from(STEPS));
            let part = [(place(step), top), (place(step + 1), top + 12)];
            root.draw(&Rectangle::new(part, rgb(ground).filled()))
                .map_err(failed)?;
        }
        let below = top + 18;
        let style = (SMALL, INK);
        let ends = [
            (0, HPos::Left, format!("{low:.0}")),
            (STEPS, HPos::Right, format!("{high:.0}")),
        ];
        for (step, anchor, words) in ends {
            write(
                root,
                &words,
                (place(step), below),
                style,
                (anchor, VPos::Top),
            )?;
        }
        let centre = (place(STEPS / 2), below);
        let anchor = (HPos::Center, VPos::Top);
        write(root, "mean Dice, × 100", centre, style, anchor)
    }
}
