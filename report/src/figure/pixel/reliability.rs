//! The reliability diagram: whether a predicted probability is the share of raters who mark the pixel.

use mrprism_raters::fusion::mean;
use mrprism_raters::metric::{BINS, Bin, Reliability as Curve};
use mrprism_raters::picture::{INK, PALE};
use mrprism_raters::prediction::map_from_fixed;
use ndarray::s;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::super::draw::{SMALL, TITLE, colour, ink, text};
use super::super::panel::NoFigure;
use super::super::picture::Picture;
use super::arms::{ArmPredictions, comparable};
use super::axes::{failed, fitted, rgb, write};
use crate::print::joined;

const WIDTH: u32 = 900;
/// Pixels of the title's line, the curves and the bars below them.
const HEAD: u32 = 38;
const CURVES: u32 = 500;
const BARS: u32 = 150;
/// Pixels across of both; the legend stands beside them.
const PLOT: u32 = 580;
/// Pixels a line of the legend.
const ROW: i32 = 40;
/// Pixels that the axis of values takes, in both plots.
const LABELS: u32 = 60;
/// Share of a bin that its bars fill.
const FILLED: f64 = 0.84;

/// Arms' reliability curves, each pooled over the same cases.
///
/// Pooling adds up pixels: a bin of two cases holds the pixels of both. Its ECE is therefore at most the mean over cases that tables
/// print, for gaps of opposite sign in two cases cancel here.
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    /// Over the figure.
    pub title: String,
    /// Cases with at least one rater.
    pub cases: usize,
    /// Name and pooled curve of each arm.
    pub arms: Vec<(String, Curve)>,
}

impl Reliability {
    /// The last recurrence's map of one structure against the present raters' votes, over all cases of each arm. Cases that nobody
    /// marked are left out.
    ///
    /// # Errors
    /// [`NoFigure`] where there is no arm or case, arms have other cases, or a prediction is not of its case.
    pub fn of(arms: &[ArmPredictions<'_>], structure: usize) -> Result<Self, NoFigure> {
        comparable(arms, structure)?;
        let mut counted = 0;
        let mut pooled = Vec::new();
        for (name, cases) in arms {
            let curves: Vec<Curve> = cases
                .iter()
                .filter_map(|(case, stored)| {
                    let votes = mean(case, structure)?;
                    let last = stored.prediction.slice(s![-1, structure, .., ..]);
                    Some(Curve::of(&map_from_fixed(&last), &votes))
                })
                .collect();
            if curves.is_empty() {
                return Err(NoFigure::Empty("no case has a rater".to_owned()));
            }
            counted = curves.len();
            pooled.push((name.clone(), pool(&curves)));
        }
        let plural = if counted == 1 { "case" } else { "cases" };
        Ok(Self {
            title: format!("Reliability, pixels of {counted} {plural} pooled"),
            cases: counted,
            arms: pooled,
        })
    }
}

/// One curve of all pixels: means of bins weighted by their pixels.
fn pool(curves: &[Curve]) -> Curve {
    let bins = std::array::from_fn::<Bin, BINS, _>(|at| {
        let bins = curves.iter().map(|curve| curve.bins[at]);
        let count: u64 = bins.clone().map(|bin| bin.count).sum();
        let mean = |value: fn(&Bin) -> Option<f64>| {
            let sum: f64 = bins
                .clone()
                .filter_map(|bin| Some(value(&bin)? * bin.count as f64))
                .sum();
            (count > 0).then(|| sum / count as f64)
        };
        Bin {
            upper: curves.first().map_or(0.0, |curve| curve.bins[at].upper),
            count,
            confidence: mean(|bin| bin.confidence),
            frequency: mean(|bin| bin.frequency),
        }
    });
    Curve { bins }
}

impl Picture for Reliability {
    fn size(&self) -> (u32, u32) {
        (WIDTH, HEAD + CURVES + BARS)
    }

    fn draw<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<(), NoFigure> {
        let left = (HPos::Left, VPos::Top);
        write(root, &self.title, (14, 10), (TITLE, INK), left)?;
        let (_, below) = root.split_vertically(HEAD);
        let (plots, legend) = below.split_horizontally(PLOT);
        let (curves, bars) = plots.split_vertically(CURVES);
        self.draw_curves(&curves)?;
        self.draw_bars(&bars)?;
        self.draw_legend(&legend)
    }

    /// Probabilities, shares and the bins' bounds are in 0 to 1; bins without a pixel have neither mean.
    fn csv(&self) -> String {
        let mut lines = vec!["arm,bin,probability,share,pixels".to_owned()];
        for (name, curve) in &self.arms {
            for bin in &curve.bins {
                let number = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
                lines.push(joined(&[
                    name.clone(),
                    bin.upper.to_string(),
                    number(bin.confidence),
                    number(bin.frequency),
                    bin.count.to_string(),
                ]));
            }
        }
        lines.join("\n") + "\n"
    }
}

impl Reliability {
    fn draw_curves<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
    ) -> Result<(), NoFigure> {
        let pale = rgb(PALE);
        let mut chart = ChartBuilder::on(area)
            .margin_left(12)
            .margin_right(16)
            .margin_top(8)
            .x_label_area_size(46)
            .y_label_area_size(LABELS)
            .build_cartesian_2d(0.0..1.0, 0.0..1.0)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(pale.mix(0.25))
            .axis_style(pale)
            .x_labels(11)
            .y_labels(11)
            .x_label_formatter(&|value| format!("{value:.1}"))
            .y_label_formatter(&|value| format!("{value:.1}"))
            .x_desc("mean predicted probability")
            .y_desc("mean share of raters")
            .label_style(text(SMALL, ink()))
            .axis_desc_style(text(SMALL, ink()))
            .draw()
            .map_err(failed)?;
        let diagonal = DashedLineSeries::new([(0.0, 0.0), (1.0, 1.0)], 6, 5, pale.stroke_width(1));
        chart.draw_series(diagonal).map_err(failed)?;
        for (at, (_, curve)) in self.arms.iter().enumerate() {
            let points: Vec<(f64, f64)> = curve
                .bins
                .iter()
                .filter_map(|bin| Some((bin.confidence?, bin.frequency?)))
                .collect();
            let line = LineSeries::new(points.iter().copied(), colour(at).stroke_width(2));
            chart.draw_series(line).map_err(failed)?;
            let dots = points
                .iter()
                .map(|point| Circle::new(*point, 4, colour(at).filled()));
            chart.draw_series(dots).map_err(failed)?;
        }
        Ok(())
    }

    /// Pixels a bin, on a logarithmic axis that begins below 1 so that a single pixel is seen.
    fn draw_bars<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), NoFigure> {
        let pale = rgb(PALE);
        let counts = self.arms.iter().flat_map(|(_, curve)| &curve.bins);
        let most = counts.map(|bin| bin.count).max().unwrap_or(1).max(1);
        let floor = -0.3;
        let top = (most as f64).log10().ceil().max(1.0);
        let mut chart = ChartBuilder::on(area)
            .margin_left(12)
            .margin_right(16)
            .margin_top(6)
            .margin_bottom(10)
            .x_label_area_size(8)
            .y_label_area_size(LABELS)
            .build_cartesian_2d(0.0..1.0, floor..top + 0.1)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(pale.mix(0.25))
            .axis_style(pale)
            .x_labels(0)
            .y_labels(top as usize + 2)
            .y_label_formatter(&|power| power_of_ten(*power))
            .y_desc("pixels")
            .label_style(text(SMALL, ink()))
            .axis_desc_style(text(SMALL, ink()))
            .draw()
            .map_err(failed)?;
        let share = FILLED / BINS as f64 / self.arms.len() as f64;
        for (at, (_, curve)) in self.arms.iter().enumerate() {
            let filled = curve.bins.iter().filter(|bin| bin.count > 0);
            let bars = filled.map(|bin| {
                let first = bin.upper - f64::midpoint(1.0, FILLED) / BINS as f64;
                let start = first + share * at as f64;
                let height = (bin.count as f64).log10();
                Rectangle::new(
                    [(start, floor), (start + share * 0.92, height)],
                    colour(at).filled(),
                )
            });
            chart.draw_series(bars).map_err(failed)?;
        }
        Ok(())
    }

    fn draw_legend<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
    ) -> Result<(), NoFigure> {
        let left = (HPos::Left, VPos::Center);
        let room = f64::from(WIDTH - PLOT) - 60.0;
        for (at, (name, curve)) in self.arms.iter().enumerate() {
            let y = 28 + at as i32 * ROW;
            let line = PathElement::new([(10, y), (38, y)], colour(at).stroke_width(2));
            area.draw(&line).map_err(failed)?;
            let dot = Circle::new((24, y), 4, colour(at).filled());
            area.draw(&dot).map_err(failed)?;
            let name = fitted(name, SMALL, room);
            write(area, &name, (46, y), (SMALL, INK), left)?;
            let error = format!("ECE {:.2} %", curve.expected_error() * 100.0);
            write(area, &error, (46, y + 17), (SMALL, PALE), left)?;
        }
        let y = 28 + self.arms.len() as i32 * ROW;
        for dash in 0..3 {
            let x = 10 + dash * 11;
            let line = PathElement::new([(x, y), (x + 6, y)], rgb(PALE).stroke_width(1));
            area.draw(&line).map_err(failed)?;
        }
        write(area, "the raters' own share", (46, y), (SMALL, PALE), left)
    }
}

/// A power of ten in full where it is whole and short, `10^n` beyond.
fn power_of_ten(power: f64) -> String {
    let whole = power.round();
    if (power - whole).abs() > 1e-6 || whole < 0.0 {
        return String::new();
    }
    match whole as u32 {
        power @ 0..=3 => 10_u32.pow(power).to_string(),
        power @ 4..=5 => format!("{} k", 10_u32.pow(power - 3)),
        power => format!("{} M", 10_u64.pow(power - 6)),
    }
}
