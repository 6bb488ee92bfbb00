//! A sheet of cases with every rater's contour, for people to look at.

mod choose;
mod panel;

use mrprism_protocol::spec::RaterIdentity;
use rayon::prelude::*;

use super::Dataset;
use crate::DataError;
use crate::case::Case;
use crate::picture::{Canvas, INK, PALE, PAPER, Pen, WHITE, rater_pen};

pub use choose::{Chosen, choose};
use panel::Panel;

/// How a sheet is laid out; lengths in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SheetStyle {
    /// Side of one panel's image.
    pub panel: u32,
    /// Shows a window of this many image pixels, where the raters disagree most, instead of the whole image.
    pub detail: Option<u32>,
}

impl Default for SheetStyle {
    fn default() -> Self {
        Self {
            panel: 480,
            detail: None,
        }
    }
}

const MARGIN: f64 = 28.0;
const GAP: f64 = 24.0;
const MOST_COLUMNS: usize = 4;
const TITLE: f64 = 26.0;
const TEXT: f64 = 16.0;
const LINE: f64 = 26.0;

/// Draws the cases at `positions` (in order of name) as one PNG: a panel a case, with the areas of what each rater drew.
///
/// The same data, cases and style give the same bytes.
///
/// # Errors
/// A case that does not decode, no case, or a sheet that would be too large.
pub fn preview(
    dataset: &Dataset,
    positions: &[usize],
    style: &SheetStyle,
) -> Result<Vec<u8>, DataError> {
    let decoded: Vec<_> = positions
        .par_iter()
        .map(|position| dataset.native_case(*position))
        .collect();
    let cases: Vec<Case> = decoded.into_iter().collect::<Result<_, _>>()?;
    let panels: Vec<_> = positions
        .iter()
        .zip(&cases)
        .map(|(position, case)| Panel::new(dataset, *position, case, style))
        .collect();
    let columns = columns(panels.len());
    let side = f64::from(style.panel);
    let height = panels.iter().map(Panel::height).fold(0.0, f64::max);
    let rows = panels.len().div_ceil(columns.max(1));
    let width = 2.0 * MARGIN + columns as f64 * (side + GAP) - GAP;
    let legend = Legend::new(dataset, &cases, width);
    let top = 2.0 * MARGIN + TITLE + LINE + legend.height();
    let total = top + rows as f64 * (height + GAP) - GAP + MARGIN;
    let mut canvas = Canvas::new(width.ceil() as u32, total.ceil() as u32, PAPER)?;
    canvas.text(
        (MARGIN, MARGIN + TITLE / 2.0),
        (TITLE, true),
        INK,
        dataset.name(),
    )?;
    let below_title = MARGIN + TITLE + LINE / 2.0 + 4.0;
    canvas.text(
        (MARGIN, below_title),
        (TEXT, false),
        PALE,
        &subtitle(dataset, &cases),
    )?;
    legend.draw(&mut canvas, MARGIN + TITLE + LINE + LINE / 2.0)?;
    for (position, panel) in panels.iter().enumerate() {
        let left = MARGIN + (position % columns) as f64 * (side + GAP);
        let top = top + (position / columns) as f64 * (height + GAP);
        panel.draw(&mut canvas, (left, top))?;
    }
    canvas.png()
}

/// As square as may be, and no more than four.
fn columns(panels: usize) -> usize {
    (1..=MOST_COLUMNS)
        .find(|columns| columns * columns >= panels)
        .unwrap_or(MOST_COLUMNS)
}

fn subtitle(dataset: &Dataset, cases: &[Case]) -> String {
    let all = dataset.case_names().len();
    let slots = match dataset.definition.raters {
        RaterIdentity::Stable => "raters",
        RaterIdentity::Exchangeable => "raters in slots that mean nothing",
    };
    let channels = match dataset.card.channels {
        1 | 3 => String::new(),
        channels => format!(", channel 1 of {channels}"),
    };
    format!(
        "{} of {all} cases, {} {slots}, {}; areas in pixels{channels}",
        cases.len(),
        dataset.raters.len(),
        dataset.definition.structures.join(", ")
    )
}

/// The arbitrated mask's contour.
fn arbitrated_pen(width: f64) -> Pen {
    Pen {
        colour: WHITE,
        width,
        dash: Some((3.0 * width, 2.5 * width)),
    }
}

/// A rater's name, cut where it is long.
fn short(name: &str) -> String {
    if name.chars().count() <= 12 {
        return name.to_owned();
    }
    let start: String = name.chars().take(11).collect();
    format!("{start}…")
}

/// Which line is whose.
struct Legend {
    /// Left end, line, pen and name.
    entries: Vec<(f64, usize, Pen, String)>,
}

const SAMPLE: f64 = 30.0;

impl Legend {
    fn new(dataset: &Dataset, cases: &[Case], width: f64) -> Self {
        let raters = dataset.raters.iter().enumerate();
        let mut named: Vec<_> = raters
            .map(|(rater, name)| (rater_pen(rater, 3.0), format!("rater {}", short(name))))
            .collect();
        if let (true, Some(kind)) = (
            cases.iter().any(|case| case.arbitrated.is_some()),
            dataset.card.arbitrated,
        ) {
            named.push((arbitrated_pen(3.0), format!("arbitrated ({kind})")));
        }
        let (mut left, mut line) = (MARGIN, 0);
        let mut entries = Vec::new();
        for (pen, name) in named {
            let needed = SAMPLE + 8.0 + Canvas::text_width(TEXT, false, &name) + 22.0;
            if left + needed > width - MARGIN && left > MARGIN {
                (left, line) = (MARGIN, line + 1);
            }
            entries.push((left, line, pen, name));
            left += needed;
        }
        Self { entries }
    }

    fn height(&self) -> f64 {
        let lines = self.entries.last().map_or(0, |(_, line, ..)| line + 1);
        lines as f64 * LINE
    }

    fn draw(&self, canvas: &mut Canvas, top: f64) -> Result<(), DataError> {
        for (left, line, pen, name) in &self.entries {
            let y = top + *line as f64 * LINE + LINE / 2.0;
            panel::sample(canvas, (*left, y), SAMPLE, *pen);
            canvas.text((left + SAMPLE + 8.0, y), (TEXT, false), INK, name)?;
        }
        Ok(())
    }
}
