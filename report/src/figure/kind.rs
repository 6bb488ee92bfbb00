//! Which numbers of a table make which figure.

use std::collections::BTreeSet;

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::wire::{Table, TableColumn, TableRow};

use super::draw::COLOURS;
use super::panel::{Figure, NoFigure, Panel, Point, Series, Shape};
use crate::cells::Cells;

/// What can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FigureKind {
    /// Soft Dice against each rater, bars (the paper's Fig. 4).
    Raters,
    /// Soft Dice against the raters' mean, and the mask's area, by recurrence.
    Recurrence,
    /// How much each rater is trusted, beside equal trust.
    Confidence,
}

/// Makes a figure of the arms named, or of every arm.
///
/// # Errors
/// [`NoFigure`] where there is nothing to draw, an arm does not exist, or there are more lines than colours.
pub fn figure(table: &Table, kind: FigureKind, arms: &[String]) -> Result<Figure, NoFigure> {
    let names: Vec<&str> = table.rows.iter().map(|row| row.arm.as_str()).collect();
    if let Some(arm) = arms.iter().find(|arm| !names.contains(&arm.as_str())) {
        let known: BTreeSet<_> = names.into_iter().collect();
        return Err(NoFigure::Unknown {
            arm: arm.clone(),
            known: known.into_iter().collect::<Vec<_>>().join(", "),
        });
    }
    let source = Source {
        cells: Cells::of(table),
        table,
        arms,
    };
    let panels = match kind {
        FigureKind::Raters => source.by_rater("soft_dice@", "soft Dice", false),
        FigureKind::Confidence => source.by_rater("confidence@", "mean confidence", true),
        FigureKind::Recurrence => source.by_recurrence(),
    };
    let lacks = match kind {
        FigureKind::Raters => "scores against single raters",
        FigureKind::Confidence => "confidences",
        FigureKind::Recurrence => "recurrences",
    };
    let first = panels
        .first()
        .ok_or_else(|| NoFigure::Empty(format!("'{}' has no {lacks}", table.experiment)))?;
    if first.series.len() > COLOURS {
        return Err(NoFigure::TooMany {
            series: first.series.len(),
            most: COLOURS,
            example: table.rows[0].arm.clone(),
        });
    }
    Ok(Figure {
        title: table.question.clone(),
        panels,
    })
}

struct Source<'a> {
    cells: Cells<'a>,
    table: &'a Table,
    arms: &'a [String],
}

impl Source<'_> {
    /// Bars: raters along the axis, a series an arm and recurrence; of many recurrences the first three, as in the paper.
    fn by_rater(&self, metric: &str, measure: &str, trust: bool) -> Vec<Panel> {
        let rows = self.rows(|row| row.recurrence.is_none_or(|recurrence| recurrence < 3));
        let of_rater = |column: &TableColumn| {
            column.metric.starts_with(metric) && matches!(column.reference, Reference::Rater(1..))
        };
        let panel = |subject| {
            let columns = self.cells.columns(subject, of_rater);
            let places: Vec<_> = columns
                .iter()
                .map(|column| self.table.columns[*column].reference)
                .map(|reference| match reference {
                    Reference::Rater(rater) => format!("R{rater}"),
                    other => other.to_string(),
                })
                .collect();
            let series = rows.iter().map(|row| Series {
                name: name(&self.table.rows[*row]),
                points: columns
                    .iter()
                    .map(|column| self.point(*row, *column))
                    .collect(),
            });
            Panel {
                title: title(subject),
                measure: measure.to_owned(),
                level: trust.then(|| (100.0 / places.len() as f64, "equal trust".to_owned())),
                places,
                shape: Shape::Bars,
                series: series.collect(),
            }
        };
        filled(self.cells.subjects().into_iter().map(panel))
    }

    /// Lines: recurrences along the axis, a series an arm; a panel each for soft Dice and area.
    fn by_recurrence(&self) -> Vec<Panel> {
        let rows = self.rows(|row| row.recurrence.is_some());
        let last = rows
            .iter()
            .filter_map(|row| self.table.rows[*row].recurrence)
            .max();
        let mut arms: Vec<&str> = rows
            .iter()
            .map(|row| self.table.rows[*row].arm.as_str())
            .collect();
        arms.dedup();
        let measures = [
            ("soft_dice@", Reference::Mean, "soft Dice, raters' mean"),
            ("area@", Reference::Alone, "mask area, % of the image"),
        ];
        let panel = |subject, (metric, reference, measure): (&str, Reference, &str)| {
            let wanted = |column: &TableColumn| {
                column.metric.starts_with(metric) && column.reference == reference
            };
            let column = self.cells.columns(subject, wanted).first().copied();
            let point = |arm: &str, recurrence: u32| {
                let row = rows.iter().find(|row| {
                    let row = &self.table.rows[**row];
                    row.arm == arm && row.recurrence == Some(recurrence)
                })?;
                self.point(*row, column?)
            };
            let series = arms.iter().map(|arm| Series {
                name: (*arm).to_owned(),
                points: (0..=last.unwrap_or(0)).map(|rec| point(arm, rec)).collect(),
            });
            Panel {
                title: title(subject),
                measure: measure.to_owned(),
                places: (0..=last.unwrap_or(0))
                    .map(|rec| format!("Rec{rec}"))
                    .collect(),
                shape: Shape::Lines,
                series: series.collect(),
                level: None,
            }
        };
        let subjects = self.cells.subjects();
        let all = subjects
            .into_iter()
            .flat_map(|subject| measures.map(|measure| panel(subject, measure)));
        filled(all)
    }

    /// Predictions' rows of the arms asked for.
    fn rows(&self, wanted: impl Fn(&TableRow) -> bool) -> Vec<usize> {
        let rows = self.table.rows.iter().enumerate();
        rows.filter(|(_, row)| row.output == Output::Prediction && wanted(row))
            .filter(|(_, row)| self.arms.is_empty() || self.arms.contains(&row.arm))
            .map(|(at, _)| at)
            .collect()
    }

    fn point(&self, row: usize, column: usize) -> Option<Point> {
        let cell = self.cells.at(row, column)?;
        Some(Point {
            mean: cell.mean * 100.0,
            sd: cell.sd.map(|sd| sd * 100.0),
        })
    }
}

/// Panels without empty series and empty panels; a series stays in all panels or in none, so that colours agree.
fn filled(panels: impl Iterator<Item = Panel>) -> Vec<Panel> {
    let mut panels: Vec<_> = panels.filter(|panel| !panel.places.is_empty()).collect();
    let is_empty = |series: &Series| series.points.iter().all(Option::is_none);
    panels.retain(|panel| !panel.series.iter().all(is_empty));
    let used: BTreeSet<String> = panels
        .iter()
        .flat_map(|panel| &panel.series)
        .filter(|series| !is_empty(series))
        .map(|series| series.name.clone())
        .collect();
    for panel in &mut panels {
        panel.series.retain(|series| used.contains(&series.name));
    }
    panels
}

fn title((dataset, structure): (&str, &str)) -> String {
    format!("{dataset}, {structure}")
}

fn name(row: &TableRow) -> String {
    match row.recurrence {
        Some(recurrence) => format!("{} Rec{recurrence}", row.arm),
        None => row.arm.clone(),
    }
}
