//! The sheet of cases: what raters drew and what arms predict, recurrence by recurrence (the paper's Fig. 7).

use mrprism_raters::case::Case;
use mrprism_raters::contour::{Contour, contours};
use mrprism_raters::fusion::{majority, mean};
use mrprism_raters::metric::{Levels, soft_dice};
use mrprism_raters::picture::{INK, PALE};
use mrprism_raters::prediction::{StoredPrediction, map_from_fixed};
use ndarray::s;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::super::draw::{SMALL, TITLE};
use super::super::panel::NoFigure;
use super::super::picture::Picture;
use super::arms::{ArmPredictions, comparable};
use super::axes::{fitted, write};
use super::grid::Grid;
use super::layer::{self, Frame, Layer, Layered};
use super::pens::{self, Legend};
use super::raster::Raster;
use crate::print::joined;

const WIDTH: u32 = 900;
/// Pixels of the title, of a group's name over its panels, of the words below a panel, and between cases.
const HEAD: u32 = 36;
const NAME: f64 = 20.0;
const BELOW: f64 = 20.0;
const BETWEEN: f64 = 12.0;
/// Smallest and largest side of a panel.
const SIDES: (f64, f64) = (110.0, 170.0);
/// Cases that a page can hold, and a file of reasonable size.
const MOST: usize = 10;
/// Panels before the arms': image, raters, majority.
const GIVEN: [&str; 3] = ["image", "raters", "majority"];

/// Cases under each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Over the figure.
    pub title: String,
    /// In the order given.
    pub rows: Vec<SheetRow>,
}

/// One case. Contours are in pixels of its image.
#[derive(Debug, Clone, PartialEq)]
pub struct SheetRow {
    /// The case's name.
    pub case: String,
    /// Its image.
    pub image: Raster,
    /// Each present rater's slot, from 0, and the contours of what he drew. Exchangeable raters' slots mean nothing beyond this case.
    pub raters: Vec<(usize, Vec<Contour>)>,
    /// The present raters' majority's contours.
    pub majority: Vec<Contour>,
    /// In the order given.
    pub arms: Vec<SheetArm>,
}

/// What an arm predicts of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct SheetArm {
    /// The arm's name.
    pub arm: String,
    /// One a recurrence: the contours at 0.5 and soft Dice against the raters' mean, in 0 to 1; none where nobody is present.
    pub recurrences: Vec<(Vec<Contour>, Option<f64>)>,
}

impl Sheet {
    /// A sheet of one structure of the first arm's cases, in their order.
    ///
    /// # Errors
    /// [`NoFigure`] where there is no arm or case, more than ten cases, arms have other cases, or a prediction is not of its case.
    pub fn of(arms: &[ArmPredictions<'_>], structure: usize) -> Result<Self, NoFigure> {
        comparable(arms, structure)?;
        let cases: Vec<&Case> = arms[0].1.iter().map(|(case, _)| *case).collect();
        if cases.len() > MOST {
            return Err(NoFigure::Refused(format!(
                "a sheet holds {MOST} cases and {} were given: choose some",
                cases.len()
            )));
        }
        let rows = cases.into_iter().map(|case| SheetRow {
            case: case.name.clone(),
            image: Raster::of_image(&case.image),
            raters: case
                .present_raters()
                .map(|rater| (rater, contours(&case.mask(rater, structure), 0.5)))
                .collect(),
            majority: majority(case, structure)
                .map(|votes| contours(&votes.counts, 0.5))
                .unwrap_or_default(),
            arms: arms
                .iter()
                .filter_map(|(arm, cases)| {
                    let same = cases.iter().find(|(other, _)| other.name == case.name);
                    let (_, stored) = same?;
                    Some(SheetArm {
                        arm: arm.clone(),
                        recurrences: recurrences(case, stored, structure),
                    })
                })
                .collect(),
        });
        Ok(Self {
            title: "Contours of raters and predictions".to_owned(),
            rows: rows.collect(),
        })
    }

    /// Image, raters and majority are a group, each arm another.
    fn grid(&self) -> Grid {
        let arms = self.rows.first().map_or(&[][..], |row| &row.arms);
        let recurrences = arms.iter().map(|arm| arm.recurrences.len());
        let groups: Vec<_> = [GIVEN.len()].into_iter().chain(recurrences).collect();
        Grid::new(&groups, f64::from(WIDTH), SIDES)
    }

    /// Slots up to the last in which somebody is present.
    fn raters(&self) -> usize {
        let raters = self.rows.iter().flat_map(|row| &row.raters);
        raters.map(|(rater, _)| rater + 1).max().unwrap_or(0)
    }

    fn legend(&self) -> Legend {
        let raters = self.raters();
        let mut named: Vec<_> = (0..raters)
            .map(|rater| (pens::rater(rater), format!("R{}", rater + 1)))
            .collect();
        named.push((pens::majority(1.2), "majority".to_owned()));
        named.push((pens::prediction(raters), "prediction above 0.5".to_owned()));
        Legend::new(named, HEAD, WIDTH)
    }

    /// Where each case begins, and where the last ends.
    fn tops(&self, grid: &Grid) -> Vec<f64> {
        let mut top = f64::from(HEAD + self.legend().height()) + 6.0;
        let mut tops = vec![top];
        for row in &self.rows {
            top += grid.lines as f64 * line_height(row, grid) + BETWEEN;
            tops.push(top);
        }
        tops
    }
}

fn recurrences(
    case: &Case,
    stored: &StoredPrediction,
    structure: usize,
) -> Vec<(Vec<Contour>, Option<f64>)> {
    let reference = mean(case, structure).map(|votes| Levels::of_votes(&votes));
    let maps = stored.prediction.slice(s![.., structure, .., ..]);
    maps.outer_iter()
        .map(|map| {
            let map = map_from_fixed(&map);
            let score = |reference| soft_dice(&Levels::of_map(&map), reference);
            (contours(&map, 0.5), reference.as_ref().map(score))
        })
        .collect()
}

/// Pixels of one line of a case's panels.
fn line_height(row: &SheetRow, grid: &Grid) -> f64 {
    NAME + Frame::within((0.0, 0.0), grid.side, row.image.side()).height + BELOW
}

impl Picture for Sheet {
    fn size(&self) -> (u32, u32) {
        let end = self.tops(&self.grid()).last().copied().unwrap_or(0.0);
        (WIDTH, end.ceil() as u32)
    }

    fn draw<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<(), NoFigure> {
        layer::draw(self, root)
    }

    /// Soft Dice against the raters' mean, × 100.
    fn csv(&self) -> String {
        let mut lines = vec!["case,arm,recurrence,soft_dice".to_owned()];
        for row in &self.rows {
            for arm in &row.arms {
                for (recurrence, (_, score)) in arm.recurrences.iter().enumerate() {
                    lines.push(joined(&[
                        row.case.clone(),
                        arm.arm.clone(),
                        recurrence.to_string(),
                        score.map_or_else(String::new, |score| (score * 100.0).to_string()),
                    ]));
                }
            }
        }
        lines.join("\n") + "\n"
    }

    fn svg(&self) -> Result<String, NoFigure> {
        layer::svg(self)
    }
}

impl Layered for Sheet {
    fn layer(&self) -> Layer<'_> {
        let grid = self.grid();
        let mut layer = Layer::default();
        let prediction = pens::prediction(self.raters());
        self.legend().samples(&mut layer);
        for (row, top) in self.rows.iter().zip(self.tops(&grid)) {
            let image = layer.hold(&row.image);
            let raters = row.raters.iter();
            let raters: Vec<_> = raters
                .map(|(rater, drawn)| (*rater, layer.outline(drawn.as_slice())))
                .collect();
            let majority = layer.outline(row.majority.as_slice());
            for place in &grid.places {
                let top = top + place.line as f64 * line_height(row, &grid) + NAME;
                let start = (grid.left(place.column), top);
                let frame = Frame::within(start, grid.side, row.image.side());
                layer.show(image, frame);
                let placement = frame.placement(row.image.side().1);
                match (place.group, GIVEN.get(place.panel)) {
                    (0, Some(&"raters")) => {
                        for (rater, drawn) in &raters {
                            layer.draw(*drawn, placement, &pens::rater(*rater));
                        }
                    }
                    (0, Some(&"majority")) => {
                        layer.draw(majority, placement, &pens::majority(1.6));
                    }
                    (0, _) => {}
                    (group, _) => {
                        let arm = row.arms.get(group - 1);
                        let panel = arm.and_then(|arm| arm.recurrences.get(place.panel));
                        let Some((predicted, _)) = panel else {
                            continue;
                        };
                        // What shows of the majority is where the prediction leaves it.
                        layer.draw(majority, placement, &pens::majority(0.8));
                        let predicted = layer.outline(predicted.as_slice());
                        layer.draw(predicted, placement, &prediction);
                    }
                }
            }
        }
        layer
    }

    fn words<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<(), NoFigure> {
        let left = (HPos::Left, VPos::Top);
        write(root, &self.title, (14, 10), (TITLE, INK), left)?;
        self.legend().words(root)?;
        let grid = self.grid();
        for (row, top) in self.rows.iter().zip(self.tops(&grid)) {
            let line = line_height(row, &grid);
            for (start, room) in grid.starts() {
                let name = match start.group {
                    0 => &row.case,
                    group => match row.arms.get(group - 1) {
                        Some(arm) => &arm.arm,
                        None => continue,
                    },
                };
                let y = top + start.line as f64 * line + NAME / 2.0;
                let place = (grid.left(start.column) as i32, y as i32);
                let anchor = (HPos::Left, VPos::Center);
                let name = fitted(name, SMALL, room);
                write(root, &name, place, (SMALL, INK), anchor)?;
            }
            for place in &grid.places {
                let words = match place.group {
                    0 => GIVEN[place.panel.min(GIVEN.len() - 1)].to_owned(),
                    group => {
                        let arm = row.arms.get(group - 1);
                        let panel = arm.and_then(|arm| arm.recurrences.get(place.panel));
                        let Some((_, score)) = panel else { continue };
                        let score = score.map_or_else(
                            || "–".to_owned(),
                            |score| format!("{:.2}", score * 100.0),
                        );
                        format!("Rec{}  {score}", place.panel)
                    }
                };
                let x = grid.left(place.column) + grid.side / 2.0;
                let y = top + (place.line + 1) as f64 * line - BELOW / 2.0;
                let centre = (HPos::Center, VPos::Center);
                let place = (x as i32, y as i32);
                write(root, &words, place, (SMALL, PALE), centre)?;
            }
        }
        Ok(())
    }
}
