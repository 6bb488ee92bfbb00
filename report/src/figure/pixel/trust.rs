//! Maps of trust: how much each rater counts at each pixel of one case, by recurrence.

use mrprism_raters::case::Case;
use mrprism_raters::contour::{Contour, contours};
use mrprism_raters::metric::{above_half, mean_confidences};
use mrprism_raters::picture::{Colour, INK, PALE, Pen};
use mrprism_raters::prediction::{StoredPrediction, map_from_fixed};
use ndarray::{Array2, s};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::super::draw::{SMALL, TITLE};
use super::super::panel::NoFigure;
use super::super::picture::Picture;
use super::arms::fits;
use super::axes::{between, failed, rgb, write};
use super::grid::Grid;
use super::layer::{self, Frame, Layer, Layered};
use super::raster::Raster;
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

/// Every rater's confidence at every pixel of one structure of one case.
#[derive(Debug, Clone, PartialEq)]
pub struct Trust {
    /// Over the figure.
    pub title: String,
    /// The case's name.
    pub case: String,
    /// The case's image, and each map as it is shown: `[recurrence][m]`.
    pub image: Raster,
    /// The maps' pictures, on one scale.
    pub maps: Vec<Vec<Raster>>,
    /// Their numbers, alike.
    pub recurrences: Vec<TrustAt>,
    /// How far the scale reaches from 1/M, on both sides.
    pub reach: f64,
    /// One a rater: whether he is present, and the contours of what he drew.
    pub raters: Vec<(bool, Vec<Contour>)>,
}

/// One recurrence's numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustAt {
    /// The recurrence, from 0.
    pub recurrence: usize,
    /// One a rater.
    pub raters: Vec<TrustIn>,
}

/// How much one rater counts, in 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrustIn {
    /// Over the pixels that a present rater marks or whose prediction is above 0.5 (`confidence@1`); none where there is none, and of an absent rater.
    pub mean: Option<f64>,
    /// Over the image.
    pub lowest: f64,
    /// Over the image.
    pub highest: f64,
}

impl Trust {
    /// One structure's learned confidences c, every recurrence up to three, the first and the last of more.
    ///
    /// # Errors
    /// [`NoFigure`] where none is stored, for another number of raters, or the prediction is not of the case.
    pub fn of(case: &Case, stored: &StoredPrediction, structure: usize) -> Result<Self, NoFigure> {
        fits(case, stored, structure)?;
        let (count, raters, structures, height, width) = stored.confidences.dim();
        if count == 0 || raters == 0 {
            return Err(NoFigure::Empty(format!(
                "the prediction of '{}' holds no confidences: its method learns none",
                case.name
            )));
        }
        if raters != case.raters() || structure >= structures || (height, width) != case.side() {
            return Err(NoFigure::Refused(format!(
                "the confidences of '{}' are of {raters} raters and {width}x{height} pixels, the case has {} raters: show the data set that the run predicted",
                case.name,
                case.raters()
            )));
        }
        let shown = match count {
            1..=3 => (0..count).collect(),
            _ => vec![0, count - 1],
        };
        let is_present = |rater: usize| case.present.get(rater).copied().unwrap_or(false);
        let equal = 1.0 / raters as f64;
        let mut maps = Vec::new();
        let mut recurrences = Vec::new();
        for recurrence in shown {
            let confidences = stored
                .confidences
                .slice(s![recurrence, .., structure, .., ..]);
            let confidences = map_from_fixed(&confidences);
            let prediction = stored.prediction.slice(s![
                recurrence.min(stored.prediction.dim().0 - 1),
                structure,
                ..,
                ..
            ]);
            let mut region = above_half(&map_from_fixed(&prediction)).mapv(|mark| mark != 0);
            for rater in case.present_raters() {
                let mask = case.mask(rater, structure);
                region.zip_mut_with(&mask, |inside, mark| *inside |= *mark != 0);
            }
            let means = mean_confidences(&confidences, &region);
            let numbers = confidences.outer_iter().enumerate().map(|(rater, map)| {
                let (lowest, highest) =
                    map.iter().fold((1.0_f64, 0.0_f64), |(low, high), value| {
                        (low.min(f64::from(*value)), high.max(f64::from(*value)))
                    });
                TrustIn {
                    mean: means
                        .as_ref()
                        .filter(|_| is_present(rater))
                        .and_then(|means| means.get(rater).copied()),
                    lowest,
                    highest,
                }
            });
            recurrences.push(TrustAt {
                recurrence,
                raters: numbers.collect(),
            });
            let owned = confidences.outer_iter().map(|map| map.to_owned());
            maps.push(owned.collect::<Vec<Array2<f32>>>());
        }
        let all = recurrences.iter().flat_map(|at| &at.raters);
        let far = all
            .map(|trust| (trust.highest - equal).max(equal - trust.lowest))
            .fold(0.0, f64::max);
        // Whole hundredths; the margin keeps fixed-point noise of equal trust from becoming colour.
        let reach = ((far * 100.0 - 1e-3).ceil() / 100.0).max(0.01);
        let draw = |map: &Array2<f32>| Raster::of_map(map, |value| tint((value - equal) / reach));
        Ok(Self {
            title: "Trust in each rater".to_owned(),
            case: case.name.clone(),
            image: Raster::of_image(&case.image),
            maps: maps
                .iter()
                .map(|maps| maps.iter().map(draw).collect())
                .collect(),
            recurrences,
            reach,
            raters: (0..raters)
                .map(|rater| {
                    (
                        is_present(rater),
                        contours(&case.mask(rater, structure), 0.5),
                    )
                })
                .collect(),
        })
    }

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
fn tint(at: f64) -> Colour {
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
