//! The critical-difference diagram (Demšar, JMLR 2006): arms on an axis of mean ranks, bars over those that do not differ.

use mrprism_protocol::wire::{Table, TableRanks};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::Axis;
use super::draw::{SMALL, TITLE, ink, pale, text};
use super::panel::NoFigure;
use super::picture::Picture;
use crate::print::{heading, joined};

/// Pixels across.
const WIDTH: u32 = 900;
/// Pixels over the diagrams, from a diagram's top to its axis, an arm, and under the last.
const HEAD: i32 = 36;
const TOP: i32 = 84;
const ARM: i32 = 22;
const FOOT: i32 = 26;
/// Ends of the axis, and where names stand.
const FROM: i32 = 240;
const TO: i32 = 660;
const LABEL: i32 = 14;
/// Between the axis and the first bar, and between bars.
const BAR: i32 = 9;

/// A diagram for each column that was ranked.
#[derive(Debug, Clone, PartialEq)]
pub struct RankDiagrams {
    /// The question.
    pub title: String,
    /// At least one.
    pub diagrams: Vec<RankDiagram>,
}

/// One column's ranks.
#[derive(Debug, Clone, PartialEq)]
pub struct RankDiagram {
    /// Data set, structure and reference.
    pub title: String,
    /// Arms with their mean ranks, the best first.
    pub arms: Vec<(String, f64)>,
    /// Nemenyi's difference at 0.05.
    pub critical_difference: f64,
    /// Friedman's p.
    pub p: f64,
    /// Patients.
    pub patients: usize,
}

/// The ranked columns of a table.
///
/// # Errors
/// [`NoFigure::Empty`] where fewer than three arms were scored for the same patients, or too few patients.
pub fn ranks(table: &Table) -> Result<RankDiagrams, NoFigure> {
    let diagrams: Vec<_> = table
        .ranks
        .iter()
        .filter(|found| {
            let reference = table.columns[found.column].reference;
            !matches!(reference, mrprism_protocol::spec::Reference::Rater(_))
        })
        .filter_map(|found| diagram(table, found))
        .collect();
    if diagrams.is_empty() {
        let reason = table.ranks.iter().find_map(|found| found.refused.clone());
        let reason = reason.unwrap_or_else(|| "ranks need three arms or more".to_owned());
        return Err(NoFigure::Empty(format!("'{}': {reason}", table.experiment)));
    }
    Ok(RankDiagrams {
        title: table.question.clone(),
        diagrams,
    })
}

fn diagram(table: &Table, found: &TableRanks) -> Option<RankDiagram> {
    let names = found.rows.iter().map(|row| table.rows[*row].arm.clone());
    let mut arms: Vec<_> = names.zip(found.mean_ranks.iter().copied()).collect();
    arms.sort_by(|a, b| a.1.total_cmp(&b.1));
    let of = &table.columns[found.column];
    Some(RankDiagram {
        title: format!("{}, {}: {}", of.dataset, of.structure, heading(of)),
        arms,
        critical_difference: found.critical_difference?,
        p: found.p?,
        patients: found.patients,
    })
}

impl RankDiagram {
    /// First and last position of each largest group of arms that lie within the critical difference; groups of one are none.
    pub fn groups(&self) -> Vec<(usize, usize)> {
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for (first, (_, rank)) in self.arms.iter().enumerate() {
            let reach = rank + self.critical_difference;
            let last = self.arms.partition_point(|(_, other)| *other <= reach) - 1;
            let is_new = groups.last().is_none_or(|(_, reached)| last > *reached);
            if last > first && is_new {
                groups.push((first, last));
            }
        }
        groups
    }

    /// Arms that hang on the left: the better half.
    fn left(&self) -> usize {
        self.arms.len().div_ceil(2)
    }

    fn height(&self) -> i32 {
        TOP + self.hang() + ARM * self.left() as i32 + FOOT
    }

    /// Room under the axis for the bars.
    fn hang(&self) -> i32 {
        BAR * (self.groups().len() as i32 + 1)
    }

    fn axis(&self) -> Axis {
        Axis {
            low: 1.0,
            high: self.arms.len() as f64,
            from: FROM,
            to: TO,
        }
    }
}

impl Picture for RankDiagrams {
    fn size(&self) -> (u32, u32) {
        let heights: i32 = self.diagrams.iter().map(RankDiagram::height).sum();
        (WIDTH, (HEAD + heights) as u32)
    }

    fn draw<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<(), NoFigure> {
        let failed =
            |error: DrawingAreaErrorKind<DB::ErrorType>| NoFigure::Drawing(error.to_string());
        let title = Text::new(self.title.clone(), (LABEL, 10), text(TITLE, ink()));
        root.draw(&title).map_err(failed)?;
        let mut top = HEAD;
        for diagram in &self.diagrams {
            draw_diagram(root, diagram, top)?;
            top += diagram.height();
        }
        Ok(())
    }

    fn csv(&self) -> String {
        let header = "panel,arm,mean_rank,critical_difference,friedman_p,patients";
        let mut lines = vec![header.to_owned()];
        for diagram in &self.diagrams {
            lines.extend(diagram.arms.iter().map(|(arm, rank)| {
                joined(&[
                    diagram.title.clone(),
                    arm.clone(),
                    rank.to_string(),
                    diagram.critical_difference.to_string(),
                    diagram.p.to_string(),
                    diagram.patients.to_string(),
                ])
            }));
        }
        lines.join("\n") + "\n"
    }
}

fn draw_diagram<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    diagram: &RankDiagram,
    top: i32,
) -> Result<(), NoFigure> {
    let failed = |error: DrawingAreaErrorKind<DB::ErrorType>| NoFigure::Drawing(error.to_string());
    let path = |points: Vec<(i32, i32)>, width: u32| {
        root.draw(&PathElement::new(points, ink().stroke_width(width)))
            .map_err(failed)
    };
    let write = |words: String, at: (i32, i32), to: (HPos, VPos)| {
        let style = text(SMALL, ink()).pos(Pos::new(to.0, to.1));
        root.draw(&Text::new(words, at, style)).map_err(failed)
    };
    let p = if diagram.p < 0.001 {
        "p <0.001".to_owned()
    } else {
        format!("p {:.3}", diagram.p)
    };
    let caption = format!(
        "{} ({} patients; Friedman {p}; bars join arms that do not differ at 0.05)",
        diagram.title, diagram.patients
    );
    write(caption, (LABEL, top + 2), (HPos::Left, VPos::Top))?;
    let axis = diagram.axis();
    let line = top + TOP;
    let difference = axis.at((1.0 + diagram.critical_difference).min(axis.high)) - FROM;
    let bar = line - 40;
    path(vec![(FROM, bar), (FROM + difference, bar)], 2)?;
    for end in [FROM, FROM + difference] {
        path(vec![(end, bar - 4), (end, bar + 4)], 2)?;
    }
    let said = format!("critical difference {:.2}", diagram.critical_difference);
    write(
        said,
        (FROM + difference + 8, bar),
        (HPos::Left, VPos::Center),
    )?;
    path(vec![(FROM, line), (TO, line)], 1)?;
    for rank in 1..=diagram.arms.len() {
        let x = axis.at(rank as f64);
        path(vec![(x, line - 5), (x, line)], 1)?;
        write(
            rank.to_string(),
            (x, line - 7),
            (HPos::Center, VPos::Bottom),
        )?;
    }
    for (number, (first, last)) in diagram.groups().into_iter().enumerate() {
        let y = line + BAR * (number as i32 + 1);
        let ends = [diagram.arms[first].1, diagram.arms[last].1].map(|rank| axis.at(rank));
        path(vec![(ends[0] - 3, y), (ends[1] + 3, y)], 4)?;
    }
    let pale = pale();
    let left = diagram.left();
    for (at, (arm, rank)) in diagram.arms.iter().enumerate() {
        let is_left = at < left;
        let depth = if is_left {
            at
        } else {
            diagram.arms.len() - 1 - at
        };
        let y = line + diagram.hang() + ARM * depth as i32 + ARM / 2;
        let x = axis.at(*rank);
        let (end, side) = if is_left {
            (FROM - 12, HPos::Right)
        } else {
            (TO + 12, HPos::Left)
        };
        let hung = PathElement::new(vec![(x, line), (x, y), (end, y)], pale.stroke_width(1));
        root.draw(&hung).map_err(failed)?;
        let words = format!("{arm} ({rank:.2})");
        let gap = if is_left { -6 } else { 6 };
        write(words, (end + gap, y), (side, VPos::Center))?;
    }
    Ok(())
}
