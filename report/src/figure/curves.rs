//! Learning curves: the mean over an arm's runs, and the band between its lowest and highest run.

use std::collections::BTreeMap;

use mrprism_protocol::wire::Curve;
use plotters::coord::Shift;
use plotters::prelude::*;

use super::draw::{COLOURS, SMALL, colour, ink, pale, text};
use super::legend;
use super::panel::NoFigure;
use super::picture::Picture;
use crate::print::joined;

/// Pixels across, and a panel down.
const WIDTH: u32 = 900;
const PANEL: u32 = 280;
/// Most points of a line: more than a page can show are averaged.
const MOST: usize = 300;

/// Lengths of dashes and of gaps, one an arm: lines are told apart without colours too.
const DASHES: [Option<(u32, u32)>; 4] = [None, Some((10, 5)), Some((3, 4)), Some((16, 4))];

/// One run's curves.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmCurves {
    /// The arm of the run.
    pub arm: String,
    /// Its curves.
    pub curves: Vec<Curve>,
}

/// A panel a series, under each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// The question.
    pub title: String,
    /// At least one.
    pub panels: Vec<CurvePanel>,
}

/// One series.
#[derive(Debug, Clone, PartialEq)]
pub struct CurvePanel {
    /// The series, e.g. `train/loss`.
    pub series: String,
    /// One an arm, the same arms in every panel.
    pub lines: Vec<CurveLine>,
}

/// One arm.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveLine {
    /// The arm.
    pub arm: String,
    /// Runs that have a point, at the most.
    pub runs: usize,
    /// In order of steps.
    pub points: Vec<CurvePoint>,
}

/// Where an arm's runs stand around a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// Mean of the steps that were averaged.
    pub step: f64,
    /// Mean over runs.
    pub mean: f64,
    /// The lowest run.
    pub low: f64,
    /// The highest run.
    pub high: f64,
}

/// Curves of `runs`, in the order in which their arms appear.
///
/// # Errors
/// [`NoFigure`] where a series has no point, or there are more arms than colours.
pub fn curves(title: &str, runs: &[ArmCurves], series: &[String]) -> Result<Curves, NoFigure> {
    let mut arms: Vec<&str> = Vec::new();
    for run in runs {
        if !arms.contains(&run.arm.as_str()) {
            arms.push(&run.arm);
        }
    }
    if arms.len() > COLOURS {
        return Err(NoFigure::TooMany {
            series: arms.len(),
            most: COLOURS,
            example: arms[0].to_owned(),
        });
    }
    let panel = |series: &String| {
        let lines: Vec<CurveLine> = arms.iter().map(|arm| line(arm, runs, series)).collect();
        if lines.iter().all(|line| line.points.is_empty()) {
            return Err(NoFigure::Empty(format!(
                "no run has a curve '{series}': there are {}",
                known(runs)
            )));
        }
        Ok(CurvePanel {
            series: series.clone(),
            lines,
        })
    };
    Ok(Curves {
        title: title.to_owned(),
        panels: series.iter().map(panel).collect::<Result<_, _>>()?,
    })
}

fn known(runs: &[ArmCurves]) -> String {
    let curves = runs.iter().flat_map(|run| &run.curves);
    let mut names: Vec<&str> = curves.map(|curve| curve.series.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// Points of all runs of an arm in buckets of steps: each run's mean there, then mean, lowest and highest over runs.
fn line(arm: &str, runs: &[ArmCurves], series: &str) -> CurveLine {
    let of_arm = runs.iter().filter(|run| run.arm == arm);
    let curves: Vec<&Curve> = of_arm
        .filter_map(|run| run.curves.iter().find(|curve| curve.series == series))
        .collect();
    let longest = curves.iter().map(|curve| curve.points.len()).max();
    let last = curves
        .iter()
        .filter_map(|curve| curve.points.last())
        .map(|(step, _)| *step)
        .max();
    // So wide that the longest run has at most as many buckets as are shown.
    let width = if longest.unwrap_or(0) > MOST {
        (last.unwrap_or(0) + 1).div_ceil(MOST as u64)
    } else {
        1
    };
    let mut buckets: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
    for curve in &curves {
        let mut own: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
        for (step, value) in &curve.points {
            let bucket = own.entry(step / width).or_default();
            bucket.push((*step as f64, *value));
        }
        for (bucket, points) in own {
            let count = points.len() as f64;
            let sum = points
                .iter()
                .fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
            let mean = (sum.0 / count, sum.1 / count);
            buckets.entry(bucket).or_default().push(mean);
        }
    }
    let point = |runs: &Vec<(f64, f64)>| {
        let count = runs.len() as f64;
        let values = runs.iter().map(|(_, value)| *value);
        CurvePoint {
            step: runs.iter().map(|(step, _)| step).sum::<f64>() / count,
            mean: values.clone().sum::<f64>() / count,
            low: values.clone().fold(f64::INFINITY, f64::min),
            high: values.fold(f64::NEG_INFINITY, f64::max),
        }
    };
    CurveLine {
        arm: arm.to_owned(),
        runs: buckets.values().map(Vec::len).max().unwrap_or(0),
        points: buckets.values().map(point).collect(),
    }
}

impl CurvePanel {
    /// Last step, lowest and highest value, with room.
    fn reach(&self) -> (f64, f64, f64) {
        let points = self.lines.iter().flat_map(|line| &line.points);
        let start = (1.0_f64, f64::INFINITY, f64::NEG_INFINITY);
        let (step, low, high) = points.fold(start, |(step, low, high), point| {
            (
                step.max(point.step),
                low.min(point.low),
                high.max(point.high),
            )
        });
        let margin = ((high - low) * 0.05).max(1e-6);
        (step, low - margin, high + margin)
    }
}

impl Curves {
    fn names(&self) -> Vec<String> {
        let lines = self.panels.first().map(|panel| panel.lines.as_slice());
        let lines = lines.unwrap_or_default().iter();
        lines
            .map(|line| match line.runs {
                0 | 1 => line.arm.clone(),
                runs => format!("{} ({runs} runs: mean, lowest to highest)", line.arm),
            })
            .collect()
    }
}

impl Picture for Curves {
    fn size(&self) -> (u32, u32) {
        let head = legend::height_of(self.names().len());
        (WIDTH, head + self.panels.len() as u32 * PANEL)
    }

    fn draw<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<(), NoFigure> {
        let names = self.names();
        legend::draw_names(root, &self.title, &names)?;
        let (_, below) = root.split_vertically(legend::height_of(names.len()));
        let areas = below.split_evenly((self.panels.len(), 1));
        for (panel, area) in self.panels.iter().zip(areas) {
            draw_panel(&area, panel)?;
        }
        Ok(())
    }

    fn csv(&self) -> String {
        let mut lines = vec!["series,arm,step,mean,low,high".to_owned()];
        for panel in &self.panels {
            for line in &panel.lines {
                lines.extend(line.points.iter().map(|point| {
                    joined(&[
                        panel.series.clone(),
                        line.arm.clone(),
                        point.step.to_string(),
                        point.mean.to_string(),
                        point.low.to_string(),
                        point.high.to_string(),
                    ])
                }));
            }
        }
        lines.join("\n") + "\n"
    }
}

fn draw_panel<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    panel: &CurvePanel,
) -> Result<(), NoFigure> {
    let failed = |error: DrawingAreaErrorKind<DB::ErrorType>| NoFigure::Drawing(error.to_string());
    let (last, low, high) = panel.reach();
    let mut chart = ChartBuilder::on(area)
        .margin_left(12)
        .margin_right(16)
        .margin_bottom(8)
        .caption(&panel.series, text(SMALL + 1, ink()))
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..last, low..high)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(pale().mix(0.25))
        .axis_style(pale())
        .x_labels(8)
        .y_labels(6)
        .x_label_formatter(&|step| format!("{step:.0}"))
        .x_desc("optimiser step")
        .label_style(text(SMALL, ink()))
        .axis_desc_style(text(SMALL, ink()))
        .draw()
        .map_err(failed)?;
    for (at, line) in panel.lines.iter().enumerate() {
        if line.runs > 1 {
            let upper = line.points.iter().map(|point| (point.step, point.high));
            let lower = line
                .points
                .iter()
                .rev()
                .map(|point| (point.step, point.low));
            let band: Vec<_> = upper.chain(lower).collect();
            let band = Polygon::new(band, colour(at).mix(0.18).filled());
            chart.draw_series([band]).map_err(failed)?;
        }
        let means = line.points.iter().map(|point| (point.step, point.mean));
        let style = colour(at).stroke_width(2);
        match DASHES[at % DASHES.len()] {
            None => chart.draw_series(LineSeries::new(means, style)),
            Some((dash, gap)) => chart.draw_series(DashedLineSeries::new(means, dash, gap, style)),
        }
        .map_err(failed)?;
    }
    Ok(())
}
