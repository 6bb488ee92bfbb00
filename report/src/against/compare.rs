//! Ours beside theirs, and what has no counterpart.

use std::collections::BTreeSet;

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::wire::{Table, TableCell, TableRow};
use serde::Serialize;

use super::paper::{Paper, PaperColumn, PaperRow, PaperTable, Printed};
use crate::cells::Cells;

/// A table against a paper. `mrprism.against/1`; fractions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Against {
    /// Always `mrprism.against/1`.
    pub schema: String,
    /// Ours.
    pub experiment: String,
    /// Those of the paper's tables that have something to compare.
    pub tables: Vec<AgainstTable>,
    /// What nothing answers to.
    pub notes: Vec<String>,
}

/// One of the paper's tables.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgainstTable {
    /// Its number in the paper.
    pub number: u32,
    /// What it is about.
    pub title: String,
    /// What the paper scored against.
    pub paper_reference: String,
    /// One a number that both have, in the paper's order of rows and columns.
    pub lines: Vec<AgainstLine>,
    /// What must be known to read it, and what has no counterpart.
    pub notes: Vec<String>,
}

/// One number and its counterpart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgainstLine {
    /// The paper's row.
    pub paper_row: String,
    /// The paper's column.
    pub paper_column: String,
    /// Our row.
    #[serde(flatten)]
    pub row: TableRow,
    /// Our data set.
    pub dataset: String,
    /// Our structure.
    pub structure: String,
    /// What ours was scored against.
    pub reference: Reference,
    /// Our mean.
    pub ours: f64,
    /// Over seeds.
    pub sd: Option<f64>,
    /// Seeds.
    pub n_seeds: usize,
    /// Test cases.
    pub n_cases: usize,
    /// The paper's.
    pub paper: f64,
    /// Ours minus the paper's.
    pub difference: f64,
}

/// Sets a table beside a paper's.
pub fn compare(table: &Table, paper: &Paper) -> Against {
    let ours = Ours {
        table,
        cells: Cells::of(table),
    };
    let (mut tables, mut without) = (Vec::new(), Vec::new());
    for (theirs, printed) in &paper.tables {
        let found = ours.beside(theirs, printed, &paper.columns);
        if found.lines.is_empty() {
            without.push(theirs.number.to_string());
        } else {
            tables.push(found);
        }
    }
    let mut notes = Vec::new();
    if !without.is_empty() {
        notes.push(format!(
            "Nothing here answers to the paper's table {}.",
            without.join(", ")
        ));
    }
    let with: BTreeSet<_> = tables
        .iter()
        .flat_map(|table| &table.lines)
        .map(|line| line.row.arm.as_str())
        .collect();
    let mut arms: Vec<_> = table.rows.iter().map(|row| row.arm.as_str()).collect();
    arms.dedup();
    arms.retain(|arm| !with.contains(arm));
    if !arms.is_empty() {
        notes.push(format!("Not in the paper: {}.", arms.join(", ")));
    }
    Against {
        schema: "mrprism.against/1".to_owned(),
        experiment: table.experiment.clone(),
        tables,
        notes,
    }
}

struct Ours<'a> {
    table: &'a Table,
    cells: Cells<'a>,
}

impl Ours<'_> {
    fn beside(
        &self,
        theirs: &PaperTable,
        printed: &Printed,
        columns: &[PaperColumn],
    ) -> AgainstTable {
        let mut lines = Vec::new();
        for row in &theirs.row {
            for column in columns {
                let number = printed
                    .get(&row.paper)
                    .and_then(|row| row.get(&column.paper));
                if let Some(line) =
                    number.and_then(|number| self.line(theirs, row, column, *number))
                {
                    lines.push(line);
                }
            }
        }
        let notes = notes(theirs, columns, printed, &lines);
        AgainstTable {
            number: theirs.number,
            title: theirs.title.clone(),
            paper_reference: theirs.reference.clone(),
            lines,
            notes,
        }
    }

    fn line(
        &self,
        theirs: &PaperTable,
        row: &PaperRow,
        column: &PaperColumn,
        number: f64,
    ) -> Option<AgainstLine> {
        let (cell, at) = theirs
            .references
            .iter()
            .find_map(|reference| self.cell(row, column, *reference))?;
        let ours = &self.table.columns[at];
        let paper = number / 100.0;
        Some(AgainstLine {
            paper_row: row.paper.clone(),
            paper_column: column.paper.clone(),
            row: self.table.rows[cell.row].clone(),
            dataset: ours.dataset.clone(),
            structure: ours.structure.clone(),
            reference: ours.reference,
            ours: cell.mean,
            sd: cell.sd,
            n_seeds: cell.n_seeds,
            n_cases: cell.n_cases,
            paper,
            difference: cell.mean - paper,
        })
    }

    /// The cell that answers, and its column.
    fn cell(
        &self,
        row: &PaperRow,
        column: &PaperColumn,
        reference: Reference,
    ) -> Option<(&TableCell, usize)> {
        column.datasets.iter().find_map(|dataset| {
            let subject = (dataset.as_str(), column.structure.as_str());
            let at = self.cells.columns(subject, |column| {
                column.reference == reference && column.metric.starts_with("soft_dice@")
            });
            let at = *at.first()?;
            let rows = self.cells.rows(&[at], |found| found.output == row.output);
            let arms = rows.iter().map(|at| &self.table.rows[*at].arm);
            let arm = if matches!(row.output, Output::Fusion(_)) {
                arms.clone().next()
            } else {
                row.arms
                    .iter()
                    .find(|arm| arms.clone().any(|has| has == *arm))
            }?;
            let of_arm: Vec<_> = rows
                .iter()
                .filter(|at| self.table.rows[**at].arm == *arm)
                .collect();
            let answers = match row.recurrence {
                Some(_) => of_arm
                    .iter()
                    .find(|at| self.table.rows[***at].recurrence == row.recurrence),
                // A method without recurrences has one row; several would leave it open which is meant.
                None if of_arm.len() == 1 => of_arm.first(),
                None => None,
            };
            Some((self.cells.at(**answers?, at)?, at))
        })
    }
}

fn notes(
    theirs: &PaperTable,
    columns: &[PaperColumn],
    printed: &Printed,
    lines: &[AgainstLine],
) -> Vec<String> {
    let mut notes = Vec::new();
    let first = theirs.references.first();
    let stand_in: BTreeSet<_> = lines
        .iter()
        .filter(|line| Some(&line.reference) != first)
        .map(|line| (line.reference, line.dataset.as_str()))
        .collect();
    notes.extend(stand_in.into_iter().map(|(reference, dataset)| {
        format!(
            "'{dataset}' has no such masks: ours are scored against '{reference}', and a difference says less."
        )
    }));
    let rows: BTreeSet<_> = lines.iter().map(|line| &line.paper_row).collect();
    let missing = theirs.row.iter().map(|row| &row.paper);
    notes.extend(listed(
        "The paper's rows without a counterpart",
        missing.filter(|row| !rows.contains(row)),
    ));
    let with: BTreeSet<_> = lines.iter().map(|line| &line.paper_column).collect();
    let in_print =
        |column: &&PaperColumn| printed.values().any(|row| row.contains_key(&column.paper));
    let missing = columns.iter().filter(in_print).map(|column| &column.paper);
    notes.extend(listed(
        "The paper's columns without a counterpart",
        missing.filter(|column| !with.contains(column)),
    ));
    notes
}

fn listed<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> Option<String> {
    let names: Vec<_> = names.map(String::as_str).collect();
    (!names.is_empty()).then(|| format!("{what}: {}.", names.join(", ")))
}
