//! A part of a table: the columns of one data set and structure that answer one question.

use std::collections::BTreeMap;

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::wire::{Table, TableCell, TableColumn, TableRow};

use super::{WIDTH, lined};

/// Cells by row and column.
pub(super) struct Cells<'a> {
    table: &'a Table,
    at: BTreeMap<(usize, usize), &'a TableCell>,
}

impl<'a> Cells<'a> {
    pub(super) fn of(table: &'a Table) -> Self {
        let at = table
            .cells
            .iter()
            .map(|cell| ((cell.row, cell.column), cell))
            .collect();
        Self { table, at }
    }

    /// Data sets and structures in the order of the columns.
    pub(super) fn subjects(&self) -> Vec<(&'a str, &'a str)> {
        let mut subjects = Vec::new();
        for column in &self.table.columns {
            let subject = (column.dataset.as_str(), column.structure.as_str());
            if !subjects.contains(&subject) {
                subjects.push(subject);
            }
        }
        subjects
    }

    /// Columns of a data set and structure that `wanted` picks.
    pub(super) fn columns(
        &self,
        (dataset, structure): (&str, &str),
        wanted: impl Fn(&TableColumn) -> bool,
    ) -> Vec<usize> {
        let columns = self.table.columns.iter().enumerate();
        columns
            .filter(|(_, column)| {
                column.dataset == dataset && column.structure == structure && wanted(column)
            })
            .map(|(index, _)| index)
            .collect()
    }

    /// The part in print, in as many pieces side by side as fit; none where no cell of it exists.
    pub(super) fn print(&self, columns: &[usize]) -> Option<String> {
        let rows: Vec<_> = (0..self.table.rows.len())
            .filter(|row| {
                columns
                    .iter()
                    .any(|column| self.at.contains_key(&(*row, *column)))
            })
            .collect();
        if rows.is_empty() {
            return None;
        }
        let mut pieces = Vec::new();
        let mut rest = columns;
        while !rest.is_empty() {
            let mut taken = rest.len();
            let mut piece = self.piece(&rows, rest);
            while taken > 1 && is_too_wide(&piece) {
                taken -= 1;
                piece = self.piece(&rows, &rest[..taken]);
            }
            pieces.push(piece);
            rest = &rest[taken..];
        }
        Some(pieces.join("\n\n"))
    }

    fn piece(&self, rows: &[usize], columns: &[usize]) -> String {
        let mut header = vec!["arm".to_owned(), "rec".to_owned()];
        header.extend(
            columns
                .iter()
                .map(|column| heading(&self.table.columns[*column])),
        );
        let lines = rows.iter().map(|row| {
            let (arm, recurrence) = label(&self.table.rows[*row]);
            let mut line = vec![arm, recurrence];
            line.extend(columns.iter().map(|column| {
                self.at
                    .get(&(*row, *column))
                    .map_or_else(|| "–".to_owned(), |cell| number(cell))
            }));
            line
        });
        lined(header, lines, 2)
    }
}

fn is_too_wide(text: &str) -> bool {
    text.lines().any(|line| line.chars().count() > WIDTH)
}

fn label(row: &TableRow) -> (String, String) {
    let arm = match row.output {
        Output::Prediction => row.arm.clone(),
        output => format!("{} {output}", row.arm),
    };
    let recurrence = row
        .recurrence
        .map_or_else(String::new, |number| format!("Rec{number}"));
    (arm, recurrence)
}

fn heading(column: &TableColumn) -> String {
    match column.reference {
        Reference::Alone => {
            let name = column.metric.split('@').next().unwrap_or(&column.metric);
            match name {
                "area" => "mask area".to_owned(),
                "change" => "change from before".to_owned(),
                "confidence_spread" => "confidence spread".to_owned(),
                name => name.replace('_', " "),
            }
        }
        Reference::Rater(rater) => format!("R{rater}"),
        Reference::LeaveOneOut(_) => "leave-one-out".to_owned(),
        reference => reference.to_string(),
    }
}

/// `88.12 ± 0.41`, with `*` after the best of its column and `†` after a number that is flagged.
fn number(cell: &TableCell) -> String {
    let best = if cell.best { "*" } else { " " };
    let flagged = if cell.flags.is_empty() { "" } else { "†" };
    format!("{}{best}{flagged}", mean_and_deviation(cell.mean, cell.sd))
}

/// ×100 with two decimals.
pub(super) fn mean_and_deviation(mean: f64, sd: Option<f64>) -> String {
    let sd = sd.map_or_else(String::new, |sd| format!(" ± {:.2}", sd * 100.0));
    format!("{:.2}{sd}", mean * 100.0)
}
