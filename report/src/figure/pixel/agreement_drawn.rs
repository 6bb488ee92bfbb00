//! The agreement matrix as a picture: a cell a pair, its scale, a bar of area a rater.

use mrprism_raters::picture::{Colour, INK, PALE, rater_pen};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::super::draw::{SMALL, TITLE};
use super::super::panel::NoFigure;
use super::super::picture::Picture;
use super::agreement::{Agreement, Cell};
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

impl Agreement {
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
