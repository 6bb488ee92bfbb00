//! The figure's title and what each colour stands for.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::draw::{SMALL, TITLE, colour, ink, text};
use super::panel::{Figure, NoFigure};

/// Pixels a row.
const ROW: u32 = 20;
/// Entries side by side.
const COLUMNS: usize = 3;
/// Pixels of the title's line.
const HEAD: u32 = 34;
/// A swatch's side.
const SWATCH: i32 = 11;

/// Pixels that title and legend take.
pub(super) fn height(figure: &Figure) -> u32 {
    height_of(figure.panels.first().map_or(0, |panel| panel.series.len()))
}

/// The same for so many names.
pub(super) fn height_of(names: usize) -> u32 {
    HEAD + ROW * names.div_ceil(COLUMNS) as u32
}

/// Draws both at the top of `area`.
pub(super) fn draw<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    figure: &Figure,
) -> Result<(), NoFigure> {
    let series = figure.panels.first().map(|panel| panel.series.as_slice());
    let names = series.unwrap_or_default().iter();
    let names: Vec<_> = names.map(|series| series.name.clone()).collect();
    draw_names(area, &figure.title, &names)
}

/// The same from names.
pub(super) fn draw_names<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    title: &str,
    names: &[String],
) -> Result<(), NoFigure> {
    let failed = |error: DrawingAreaErrorKind<DB::ErrorType>| NoFigure::Drawing(error.to_string());
    let (width, _) = area.dim_in_pixel();
    let title = Text::new(title.to_owned(), (14, 10), text(TITLE, ink()));
    area.draw(&title).map_err(failed)?;
    for (at, name) in names.iter().enumerate() {
        let x = 14 + (at % COLUMNS) as i32 * (width as i32 - 28) / COLUMNS as i32;
        let y = HEAD as i32 + (at / COLUMNS) as i32 * ROW as i32;
        let swatch = Rectangle::new([(x, y), (x + SWATCH, y + SWATCH)], colour(at).filled());
        area.draw(&swatch).map_err(failed)?;
        let name = Text::new(name.clone(), (x + SWATCH + 6, y - 1), text(SMALL, ink()));
        area.draw(&name).map_err(failed)?;
    }
    Ok(())
}
