//! How contours are drawn, and the legend that says whose they are.

use mrprism_raters::contour::{Contour, Point};
use mrprism_raters::picture::{INK, OKABE_ITO, Pen, WHITE, rater_pen};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::super::draw::SMALL;
use super::super::panel::NoFigure;
use super::axes::{width_of, write};
use super::layer::{Layer, Placement};

/// Pixels of a sample of a line, and of a legend's line.
const SAMPLE: f64 = 24.0;
const ROW: f64 = 20.0;
/// The margin on both sides of a figure.
const MARGIN: f64 = 14.0;

/// Pens drawn one over the other.
pub(super) type Strokes = Vec<Pen>;

/// A rater's contour.
pub(super) fn rater(rater: usize) -> Strokes {
    vec![rater_pen(rater, 1.6)]
}

/// The majority's: white, with a dark seam that keeps it visible on bright images.
pub(super) fn majority(width: f64) -> Strokes {
    let pen = |colour, width| Pen {
        colour,
        width,
        dash: None,
    };
    vec![pen([40; 3], width + 1.2), pen(WHITE, width)]
}

/// A prediction's, in a colour that no rater of so many has; of seven or more the first rater's, thicker.
pub(super) fn prediction(raters: usize) -> Strokes {
    let at = match raters {
        0..=5 => 5,
        6 => 6,
        _ => 0,
    };
    vec![Pen {
        colour: OKABE_ITO[at],
        width: 2.4,
        dash: None,
    }]
}

/// Samples of lines with their meaning, in as many lines as they need.
#[derive(Debug)]
pub(super) struct Legend {
    /// Left end, line, pens and meaning.
    entries: Vec<(f64, usize, Strokes, String)>,
    top: f64,
}

impl Legend {
    /// Lays entries out below `top` on a figure of a width.
    pub(super) fn new(named: Vec<(Strokes, String)>, top: u32, width: u32) -> Self {
        let (mut left, mut row) = (MARGIN, 0);
        let mut entries = Vec::new();
        for (strokes, name) in named {
            let needed = SAMPLE + 6.0 + width_of(&name, SMALL) + 18.0;
            if left + needed > f64::from(width) - MARGIN && left > MARGIN {
                (left, row) = (MARGIN, row + 1);
            }
            entries.push((left, row, strokes, name));
            left += needed;
        }
        let top = f64::from(top);
        Self { entries, top }
    }

    /// Pixels it takes.
    pub(super) fn height(&self) -> u32 {
        let rows = self.entries.last().map_or(0, |(_, row, ..)| row + 1);
        (rows as f64 * ROW) as u32
    }

    /// Draws the samples, wider than on the images, where a line is longer.
    pub(super) fn samples(&self, layer: &mut Layer<'_>) {
        for (left, row, strokes, _) in &self.entries {
            let y = self.middle(*row);
            let ends = [*left, left + SAMPLE].map(|x| Point { x, y });
            let line = Contour {
                points: ends.to_vec(),
                closed: false,
            };
            let wide = strokes.iter().map(|pen| Pen {
                width: pen.width * 1.4,
                ..*pen
            });
            let line = layer.outline(vec![line]);
            layer.draw(line, Placement::AS_IS, &wide.collect::<Strokes>());
        }
    }

    /// Writes what each means.
    pub(super) fn words<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
    ) -> Result<(), NoFigure> {
        for (left, row, _, name) in &self.entries {
            let place = ((left + SAMPLE) as i32 + 6, self.middle(*row) as i32);
            let anchor = (HPos::Left, VPos::Center);
            write(root, name, place, (SMALL, INK), anchor)?;
        }
        Ok(())
    }

    fn middle(&self, row: usize) -> f64 {
        self.top + (row as f64 + 0.5) * ROW
    }
}
