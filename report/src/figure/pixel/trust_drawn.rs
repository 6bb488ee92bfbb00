//! Maps of trust as a picture: a line of panels a recurrence, one scale for all.

use mrprism_raters::picture::{Colour, INK, PALE, Pen};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::super::draw::{SMALL, TITLE};
use super::super::panel::NoFigure;
use super::super::picture::Picture;
use super::axes::{between, failed, rgb, write};
use super::grid::Grid;
use super::layer::{self, Frame, Layer, Layered};
use super::trust::{Trust, TrustAt};
use crate::print::joined;

const WIDTH: u32 = 900;
const HEAD: f64 = 36.0;
/// Pixels of a line's name, of the words below a panel, and of the scale.
const NAME: f64 = 22.0;
const BELOW: f64 = 22.0;
const SCALE: f64 = 74.0;
/// Smallest and largest side of a panel.
const SIDES: (f64, f64) = (90.0, 170.0);
/// Less trust than equal, equal trust, more.
const LESS: Colour = [179, 88, 6];
const EQUAL: Colour = [247, 247, 247];
const MORE: Colour = [1, 82, 148];
/// A rater's own contour on the map of trust in him.
const OWN: Pen = Pen {
    colour: INK,
    width: 1.0,
    dash: None,
};

impl Trust {
    /// 1/M.
    fn equal(&self) -> f64 {
        1.0 / self.raters.len() as f64
    }

    /// Image and raters of one recurrence.
    fn grid(&self) -> Grid {
        Grid::new(&[1 + self.raters.len()], f64::from(WIDTH), SIDES)
    }

    /// Pixels of a line of panels, and of a recurrence.
    fn heights(&self, grid: &Grid) -> (f64, f64) {
        let panel = Frame::within((0.0, 0.0), grid.side, self.image.side()).height;
        let line = panel + BELOW;
        (line, NAME + line * grid.lines as f64)
    }

    /// Where the scale begins.
    fn foot(&self, grid: &Grid) -> f64 {
        HEAD + self.heights(grid).1 * self.recurrences.len() as f64
    }
}

/// The colour at −1 (less) to 1 (more).
pub(super) fn tint(at: f64) -> Colour {
    between(EQUAL, if at < 0.0 { LESS } else { MORE }, at.abs())
}

impl Picture for Trust {
    fn size(&self) -> (u32, u32) {
        (WIDTH, (self.foot(&self.grid()) + SCALE).ceil() as u32)
    }

    fn draw<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<(), NoFigure> {
        layer::draw(self, root)
    }

    /// × 100: the mean over what anybody marked, the lowest and the highest of all pixels.
    fn csv(&self) -> String {
        let mut lines = vec!["case,recurrence,rater,mean,lowest,highest".to_owned()];
        for at in &self.recurrences {
            for (rater, trust) in at.raters.iter().enumerate() {
                let percent = |value: f64| (value * 100.0).to_string();
                lines.push(joined(&[
                    self.case.clone(),
                    at.recurrence.to_string(),
                    format!("R{}", rater + 1),
                    trust.mean.map_or_else(String::new, percent),
                    percent(trust.lowest),
                    percent(trust.highest),
                ]));
            }
        }
        lines.join("\n") + "\n"
    }

    fn svg(&self) -> Result<String, NoFigure> {
        layer::svg(self)
    }
}

impl Layered for Trust {
    fn layer(&self) -> Layer<'_> {
        let grid = self.grid();
        let (line, recurrence) = self.heights(&grid);
        let mut layer = Layer::default();
        let image = layer.hold(&self.image);
        for (at, maps) in self.maps.iter().enumerate() {
            let top = HEAD + recurrence * at as f64 + NAME;
            for place in &grid.places {
                let start = (grid.left(place.column), top + place.line as f64 * line);
                let frame = Frame::within(start, grid.side, self.image.side());
                match place.panel.checked_sub(1) {
                    None => layer.show(image, frame),
                    Some(rater) => {
                        let map = layer.hold(&maps[rater]);
                        layer.show(map, frame);
                        let (_, drawn) = &self.raters[rater];
                        let drawn = layer.outline(drawn.as_slice());
                        let columns = self.image.side().1;
                        layer.draw(drawn, frame.placement(columns), &[OWN]);
                    }
                }
            }
        }
        layer
    }

    fn words<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<(), NoFigure> {
        let left = (HPos::Left, VPos::Center);
        let centre = (HPos::Center, VPos::Center);
        let title = format!("{}, {}", self.title, self.case);
        write(root, &title, (14, 18), (TITLE, INK), left)?;
        let grid = self.grid();
        let (line, recurrence) = self.heights(&grid);
        for (number, at) in self.recurrences.iter().enumerate() {
            let top = HEAD + recurrence * number as f64;
            let name = format!("Rec{}", at.recurrence);
            let place = (14, (top + NAME / 2.0) as i32);
            write(root, &name, place, (SMALL, INK), left)?;
            for place in &grid.places {
                let words = match place.panel.checked_sub(1) {
                    None => "image".to_owned(),
                    Some(rater) => self.below(at, rater),
                };
                let x = grid.left(place.column) + grid.side / 2.0;
                let y = top + NAME + (place.line + 1) as f64 * line - BELOW / 2.0;
                write(root, &words, (x as i32, y as i32), (SMALL, PALE), centre)?;
            }
        }
        self.draw_scale(root, self.foot(&grid) as i32)
    }
}

impl Trust {
    /// Whose map it is and the mean trust in him.
    fn below(&self, at: &TrustAt, rater: usize) -> String {
        let name = format!("R{}", rater + 1);
        if !self.raters[rater].0 {
            return format!("{name}, absent");
        }
        match at.raters[rater].mean {
            Some(mean) => format!("{name}  {:.2}", mean * 100.0),
            None => name,
        }
    }

    /// The scale from no trust, or as little as it reaches, to as much; equal trust stands out.
    fn draw_scale<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
        foot: i32,
    ) -> Result<(), NoFigure> {
        const STEPS: i32 = 120;
        const LONG: f64 = 360.0;
        let equal = self.equal();
        let (low, high) = ((equal - self.reach).max(0.0), (equal + self.reach).min(1.0));
        let top = foot + 26;
        let x = |value: f64| 14 + ((value - low) / (high - low) * LONG).round() as i32;
        for step in 0..STEPS {
            let value = |step: f64| low + (high - low) * step / f64::from(STEPS);
            let (from, to) = (f64::from(step), f64::from(step + 1));
            let colour = tint((value(from + 0.5) - equal) / self.reach);
            let part = [(x(value(from)), top), (x(value(to)), top + 12)];
            root.draw(&Rectangle::new(part, rgb(colour).filled()))
                .map_err(failed)?;
        }
        let frame = [(x(low), top), (x(high), top + 12)];
        root.draw(&Rectangle::new(frame, rgb(PALE).stroke_width(1)))
            .map_err(failed)?;
        let mark = PathElement::new(
            [(x(equal), top - 5), (x(equal), top + 16)],
            rgb(INK).stroke_width(2),
        );
        root.draw(&mark).map_err(failed)?;
        let below = |value: f64| (x(value), top + 19);
        let style = (SMALL, INK);
        let words = format!("equal trust, {:.1}", equal * 100.0);
        let above = (x(equal), top - 8);
        write(root, &words, above, style, (HPos::Center, VPos::Bottom))?;
        let words = |value: f64| format!("{:.0}", value * 100.0);
        write(
            root,
            &words(low),
            below(low),
            style,
            (HPos::Left, VPos::Top),
        )?;
        write(
            root,
            &words(high),
            below(high),
            style,
            (HPos::Right, VPos::Top),
        )?;
        let note =
            "confidence, × 100; below each map its mean where a rater or the prediction marks";
        let place = (x(high) + 16, top + 6);
        write(root, note, place, (SMALL, PALE), (HPos::Left, VPos::Center))
    }
}
