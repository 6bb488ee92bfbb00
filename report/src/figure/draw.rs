//! Panels as pictures, in one style: the palette and the font of every picture of this project.

use mrprism_raters::picture::{FAMILY, INK, OKABE_ITO, PALE};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::panel::{Figure, NoFigure, Panel, Point, Shape};
use super::picture::Picture;
use super::{csv, legend};

/// Series that can be told apart.
pub(super) const COLOURS: usize = OKABE_ITO.len();
/// Pixels across.
const WIDTH: u32 = 900;
/// Pixels a panel.
const PANEL: u32 = 280;
/// Text sizes.
pub(super) const TITLE: i32 = 17;
pub(super) const SMALL: i32 = 13;
/// Share of a place that its bars fill.
const FILLED: f64 = 0.8;

impl Picture for Figure {
    fn size(&self) -> (u32, u32) {
        let panels = self.panels.len() as u32 * PANEL;
        (WIDTH, legend::height(self) + panels)
    }

    fn draw<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<(), NoFigure> {
        legend::draw(root, self)?;
        let (_, panels) = root.split_vertically(legend::height(self));
        for (panel, area) in self
            .panels
            .iter()
            .zip(panels.split_evenly((self.panels.len(), 1)))
        {
            draw_panel(&area, panel)?;
        }
        Ok(())
    }

    fn csv(&self) -> String {
        csv::of(self)
    }
}

/// The colour of series number `at`.
pub(super) fn colour(at: usize) -> RGBColor {
    let [red, green, blue] = OKABE_ITO[at % COLOURS];
    RGBColor(red, green, blue)
}

/// The colour of what is behind.
pub(super) fn pale() -> RGBColor {
    RGBColor(PALE[0], PALE[1], PALE[2])
}

/// Text's colour.
pub(super) fn ink() -> RGBColor {
    RGBColor(INK[0], INK[1], INK[2])
}

/// Text of a size.
pub(super) fn text(size: i32, colour: RGBColor) -> TextStyle<'static> {
    TextStyle {
        font: (FAMILY, size).into_font(),
        color: colour.to_backend_color(),
        pos: Pos::new(HPos::Left, VPos::Top),
    }
}

/// Lower and upper end of the axis of values.
fn axis(panel: &Panel) -> (f64, f64) {
    let (low, high) = panel.range();
    match panel.shape {
        Shape::Bars => (0.0, (high * 1.05).max(1.0)),
        Shape::Lines => {
            let margin = ((high - low) * 0.1).max(0.25);
            (low - margin, high + margin)
        }
    }
}

/// The panel's title, and what its level is.
fn caption(panel: &Panel) -> String {
    match &panel.level {
        None => panel.title.clone(),
        Some((level, name)) => format!("{} (line: {name}, {level:.2})", panel.title),
    }
}

fn draw_panel<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    panel: &Panel,
) -> Result<(), NoFigure> {
    let failed = |error: DrawingAreaErrorKind<DB::ErrorType>| NoFigure::Drawing(error.to_string());
    let pale = pale();
    let (low, high) = axis(panel);
    let places = panel.places.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .margin_left(12)
        .margin_right(16)
        .margin_bottom(8)
        .caption(caption(panel), text(SMALL + 1, ink()))
        .x_label_area_size(26)
        .y_label_area_size(54)
        .build_cartesian_2d(0.0..places, low..high)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(pale.mix(0.25))
        .axis_style(pale)
        .x_labels(0)
        .y_labels(6)
        .y_desc(&panel.measure)
        .label_style(text(SMALL, ink()))
        .axis_desc_style(text(SMALL, ink()))
        .draw()
        .map_err(failed)?;
    let centred = text(SMALL, ink()).pos(Pos::new(HPos::Center, VPos::Top));
    let names = panel.places.iter().enumerate().map(|(at, name)| {
        EmptyElement::at((at as f64 + 0.5, low)) + Text::new(name.clone(), (0, 7), centred.clone())
    });
    chart.draw_series(names).map_err(failed)?;
    let count = panel.series.len() as f64;
    for (at, series) in panel.series.iter().enumerate() {
        let place = |index: usize| match panel.shape {
            Shape::Bars => index as f64 + 0.5 + FILLED * ((at as f64 + 0.5) / count - 0.5),
            Shape::Lines => index as f64 + 0.5,
        };
        let points = series.points.iter().enumerate();
        let points: Vec<(f64, Point)> = points
            .filter_map(|(index, point)| Some((place(index), (*point)?)))
            .collect();
        match panel.shape {
            Shape::Bars => {
                let half = FILLED / count / 2.0 * 0.92;
                let bars = points.iter().map(|(x, point)| {
                    Rectangle::new(
                        [(x - half, 0.0), (x + half, point.mean)],
                        colour(at).filled(),
                    )
                });
                chart.draw_series(bars).map_err(failed)?;
            }
            Shape::Lines => {
                let line = points.iter().map(|(x, point)| (*x, point.mean));
                let line = LineSeries::new(line, colour(at).stroke_width(2));
                chart.draw_series(line).map_err(failed)?;
                let dots = points
                    .iter()
                    .map(|(x, point)| Circle::new((*x, point.mean), 4, colour(at).filled()));
                chart.draw_series(dots).map_err(failed)?;
            }
        }
        let deviations = points.iter().filter_map(|(x, point)| {
            let sd = point.sd?;
            Some(ErrorBar::new_vertical(
                *x,
                point.mean - sd,
                point.mean,
                point.mean + sd,
                ink().stroke_width(1),
                5,
            ))
        });
        chart.draw_series(deviations).map_err(failed)?;
    }
    if let Some((level, _)) = panel.level {
        let line = PathElement::new([(0.0, level), (places, level)], ink().stroke_width(2));
        chart.draw_series([line]).map_err(failed)?;
    }
    Ok(())
}
