//! The forest plot of an ablation: what each arm gains over the baseline, with its interval.

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::wire::{Table, TableColumn};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::{Axis, tick};
use super::draw::{SMALL, TITLE, colour, ink, pale, text};
use super::panel::NoFigure;
use super::picture::Picture;
use crate::cells::Cells;
use crate::print::{heading, joined};

/// Pixels across.
const WIDTH: u32 = 900;
/// Pixels over the panels, over a panel's lines, a line, and under them.
const HEAD: i32 = 56;
const TOP: i32 = 30;
const LINE: i32 = 24;
const FOOT: i32 = 44;
/// Where labels begin, where the axis does, where it ends, where numbers begin.
const LABEL: i32 = 14;
const FROM: i32 = 230;
const TO: i32 = 650;
const NUMBER: i32 = 668;

/// Differences from the baseline, × 100.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    /// The question.
    pub title: String,
    /// What all are compared with.
    pub baseline: String,
    /// One a column of soft Dice.
    pub panels: Vec<ForestPanel>,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct ForestPanel {
    /// Data set, structure and reference.
    pub title: String,
    /// One an arm.
    pub lines: Vec<ForestLine>,
}

/// One arm's last recurrence.
#[derive(Debug, Clone, PartialEq)]
pub struct ForestLine {
    /// The arm, and its recurrence where it has one.
    pub name: String,
    /// Mean difference.
    pub mean: f64,
    /// 95 % interval; none where so few patients have none.
    pub interval: Option<[f64; 2]>,
    /// By Holm over the column.
    pub p: Option<f64>,
    /// Paired patients.
    pub patients: usize,
}

/// The differences of `arms`, or of every arm.
///
/// # Errors
/// [`NoFigure::Empty`] where the experiment names no baseline, or nothing was compared with it.
pub fn forest(table: &Table, arms: &[String]) -> Result<Forest, NoFigure> {
    let lacks = || {
        format!(
            "'{}' names no baseline: add table.baseline",
            table.experiment
        )
    };
    let baseline = table
        .baseline
        .clone()
        .ok_or_else(|| NoFigure::Empty(lacks()))?;
    let cells = Cells::of(table);
    let subjects = cells.subjects().into_iter();
    let columns = subjects.flat_map(|subject| cells.columns(subject, is_shown));
    let mut panels: Vec<ForestPanel> = columns
        .map(|column| panel(table, &cells, column, arms))
        .collect();
    panels.retain(|panel| !panel.lines.is_empty());
    if panels.is_empty() {
        return Err(NoFigure::Empty(format!(
            "no arm has a score that the baseline '{baseline}' has too"
        )));
    }
    Ok(Forest {
        title: table.question.clone(),
        baseline,
        panels,
    })
}

fn is_shown(column: &TableColumn) -> bool {
    column.metric.starts_with("soft_dice@")
        && !matches!(column.reference, Reference::Rater(_) | Reference::Alone)
}

fn panel(table: &Table, cells: &Cells<'_>, column: usize, arms: &[String]) -> ForestPanel {
    let mut lines: Vec<(&str, ForestLine)> = Vec::new();
    // Rows stand in order of recurrence: an arm's last one replaces those before it.
    for (at, row) in table.rows.iter().enumerate() {
        let wanted = arms.is_empty() || arms.contains(&row.arm);
        let cell = cells.at(at, column).filter(|_| wanted);
        let difference = cell.and_then(|cell| Some((cell, cell.difference.as_ref()?)));
        let Some((cell, found)) = difference.filter(|_| row.output == Output::Prediction) else {
            continue;
        };
        let line = ForestLine {
            name: match row.recurrence {
                Some(recurrence) => format!("{} Rec{recurrence}", row.arm),
                None => row.arm.clone(),
            },
            mean: 100.0 * found.mean,
            interval: found.interval.map(|ends| ends.map(|end| 100.0 * end)),
            p: cell.p_adjusted,
            patients: found.patients,
        };
        lines.retain(|(arm, _)| *arm != row.arm);
        lines.push((&row.arm, line));
    }
    let of = &table.columns[column];
    ForestPanel {
        title: format!("{}, {}: {}", of.dataset, of.structure, heading(of)),
        lines: lines.into_iter().map(|(_, line)| line).collect(),
    }
}

impl ForestPanel {
    fn height(&self) -> i32 {
        TOP + LINE * self.lines.len() as i32 + FOOT
    }
}

impl Forest {
    /// One axis for all panels, 0 on it.
    fn axis(&self) -> Axis {
        let lines = self.panels.iter().flat_map(|panel| &panel.lines);
        let values = lines.flat_map(|line| {
            let [low, high] = line.interval.unwrap_or([line.mean; 2]);
            [low, high, line.mean]
        });
        let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let margin = ((high - low) * 0.08).max(0.1);
        Axis {
            low: low - margin,
            high: high + margin,
            from: FROM,
            to: TO,
        }
    }
}

impl Picture for Forest {
    fn size(&self) -> (u32, u32) {
        let panels: i32 = self.panels.iter().map(ForestPanel::height).sum();
        (WIDTH, (HEAD + panels) as u32)
    }

    fn draw<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<(), NoFigure> {
        let failed =
            |error: DrawingAreaErrorKind<DB::ErrorType>| NoFigure::Drawing(error.to_string());
        let write = |words: String, at: (i32, i32), style: TextStyle<'_>| {
            root.draw(&Text::new(words, at, style)).map_err(failed)
        };
        write(self.title.clone(), (LABEL, 10), text(TITLE, ink()))?;
        let said = format!(
            "soft Dice × 100 less that of {}; 95 % interval over patients; filled: p by Holm below 0.05",
            self.baseline
        );
        write(said, (LABEL, 34), text(SMALL, ink()))?;
        let axis = self.axis();
        let mut top = HEAD;
        for panel in &self.panels {
            draw_panel(root, panel, &axis, top)?;
            top += panel.height();
        }
        Ok(())
    }

    fn csv(&self) -> String {
        let mut lines = vec!["panel,arm,difference,low,high,p_adjusted,patients".to_owned()];
        for panel in &self.panels {
            lines.extend(panel.lines.iter().map(|line| {
                let end = |at: usize| line.interval.map(|ends| ends[at].to_string());
                joined(&[
                    panel.title.clone(),
                    line.name.clone(),
                    line.mean.to_string(),
                    end(0).unwrap_or_default(),
                    end(1).unwrap_or_default(),
                    line.p.map(|p| p.to_string()).unwrap_or_default(),
                    line.patients.to_string(),
                ])
            }));
        }
        lines.join("\n") + "\n"
    }
}

fn draw_panel<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    panel: &ForestPanel,
    axis: &Axis,
    top: i32,
) -> Result<(), NoFigure> {
    let failed = |error: DrawingAreaErrorKind<DB::ErrorType>| NoFigure::Drawing(error.to_string());
    let pale = pale();
    let mark = colour(0);
    let path = |points: Vec<(i32, i32)>, style: ShapeStyle| {
        root.draw(&PathElement::new(points, style)).map_err(failed)
    };
    let write = |words: String, at: (i32, i32), style: TextStyle<'_>| {
        root.draw(&Text::new(words, at, style)).map_err(failed)
    };
    let title = text(SMALL + 1, ink());
    write(panel.title.clone(), (LABEL, top + 6), title)?;
    let first = top + TOP;
    let bottom = first + LINE * panel.lines.len() as i32;
    for at in axis.ticks(7) {
        let x = axis.at(at);
        let is_zero = at.abs() < 1e-9;
        let style = if is_zero {
            ink().stroke_width(1)
        } else {
            pale.mix(0.4).stroke_width(1)
        };
        path(vec![(x, first - 2), (x, bottom + 4)], style)?;
        let centred = text(SMALL, ink()).pos(Pos::new(HPos::Center, VPos::Top));
        write(tick(at), (x, bottom + 7), centred)?;
    }
    for (number, line) in panel.lines.iter().enumerate() {
        let y = first + LINE * number as i32 + LINE / 2;
        write(line.name.clone(), (LABEL, y - 7), text(SMALL, ink()))?;
        if let Some([low, high]) = line.interval {
            let (low, high) = (axis.at(low), axis.at(high));
            path(vec![(low, y), (high, y)], mark.stroke_width(2))?;
            for end in [low, high] {
                path(vec![(end, y - 4), (end, y + 4)], mark.stroke_width(2))?;
            }
        }
        let centre = (axis.at(line.mean), y);
        let is_sure = line.p.is_some_and(|p| p < crate::statistics::ALPHA);
        root.draw(&Circle::new(centre, 5, WHITE.filled()))
            .map_err(failed)?;
        let style = if is_sure {
            mark.filled()
        } else {
            mark.stroke_width(2)
        };
        root.draw(&Circle::new(centre, 5, style)).map_err(failed)?;
        write(said(line), (NUMBER, y - 7), text(SMALL, ink()))?;
    }
    Ok(())
}

/// `+1.20 [0.40, 2.00] p 0.031`, or how few patients there were.
fn said(line: &ForestLine) -> String {
    let interval = match line.interval {
        Some([low, high]) => format!("[{low:.2}, {high:.2}]"),
        None => format!("(n = {}: no interval)", line.patients),
    };
    let p = match line.p {
        Some(p) if p < 0.001 => " p <0.001".to_owned(),
        Some(p) => format!(" p {p:.3}"),
        None => String::new(),
    };
    format!("{:+.2} {interval}{p}", line.mean)
}
