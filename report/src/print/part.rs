//! A part of a table: the columns of one data set and structure that answer one question.

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::wire::{TableCell, TableColumn, TableRow};

use super::{WIDTH, lined, other_flags};
use crate::cells::Cells;

/// One printed line: what it is of, then a number a column.
pub(super) struct Line {
    pub(super) labels: [String; 2],
    pub(super) numbers: Vec<String>,
}

impl Cells<'_> {
    /// Rows by arm and recurrence, as [`Cells::lines`] prints them; fused labels and heads have sections of their own.
    pub(super) fn print(&self, columns: &[usize]) -> Option<String> {
        let lines: Vec<_> = self
            .rows(columns, is_of_arm)
            .into_iter()
            .map(|row| Line {
                labels: label(&self.table.rows[row]),
                numbers: columns
                    .iter()
                    .map(|column| self.at(row, *column).map_or_else(absent, number))
                    .collect(),
            })
            .collect();
        self.lines(["arm", "rec"], columns, &lines)
    }

    /// Lines under the headings of `columns`, in as many pieces side by side as fit; none where there is no line.
    pub(super) fn lines(
        &self,
        labels: [&str; 2],
        columns: &[usize],
        lines: &[Line],
    ) -> Option<String> {
        if lines.is_empty() {
            return None;
        }
        let headings: Vec<_> = columns
            .iter()
            .map(|column| heading(&self.table.columns[*column]))
            .collect();
        let piece = |from: usize, to: usize| {
            let mut header: Vec<_> = labels.iter().map(|label| (*label).to_owned()).collect();
            header.extend_from_slice(&headings[from..to]);
            let rows = lines.iter().map(|line| {
                let mut row = line.labels.to_vec();
                row.extend_from_slice(&line.numbers[from..to]);
                row
            });
            lined(header, rows, 2)
        };
        let mut pieces = Vec::new();
        let mut from = 0;
        while from < columns.len() {
            let mut to = columns.len();
            let mut printed = piece(from, to);
            while to > from + 1 && is_too_wide(&printed) {
                to -= 1;
                printed = piece(from, to);
            }
            pieces.push(printed);
            from = to;
        }
        Some(pieces.join("\n\n"))
    }
}

/// What stands where there is no number.
pub(super) fn absent() -> String {
    "–".to_owned()
}

/// Whether a row is what an arm's method put out as a whole.
fn is_of_arm(row: &TableRow) -> bool {
    !matches!(
        row.output,
        Output::Fused | Output::Fusion(_) | Output::Head(_)
    )
}

fn is_too_wide(text: &str) -> bool {
    text.lines().any(|line| line.chars().count() > WIDTH)
}

fn label(row: &TableRow) -> [String; 2] {
    let arm = match row.output {
        Output::Prediction => row.arm.clone(),
        output => format!("{} {output}", row.arm),
    };
    [arm, recurrence(row)]
}

/// `Rec2`; nothing for what has no recurrence.
pub(super) fn recurrence(row: &TableRow) -> String {
    row.recurrence
        .map_or_else(String::new, |number| format!("Rec{number}"))
}

/// What stands over a column.
pub(crate) fn heading(column: &TableColumn) -> String {
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
        reference => reference_word(reference),
    }
}

/// A reference as people call it.
pub(crate) fn reference_word(reference: Reference) -> String {
    match reference {
        Reference::Rater(0) => "held-out rater".to_owned(),
        Reference::Rater(rater) => format!("R{rater}"),
        Reference::LeaveOneOut(_) => "leave-one-out".to_owned(),
        reference => reference.to_string(),
    }
}

/// `88.12 ± 0.41`, with `*` after the best of its column and `†` after a number that is flagged.
fn number(cell: &TableCell) -> String {
    marked(cell, cell.best)
}

/// The same with a mark of the caller's.
pub(super) fn marked(cell: &TableCell, best: bool) -> String {
    let best = if best { "*" } else { " " };
    let flagged = other_flags(cell).next().map_or("", |_| "†");
    format!("{}{best}{flagged}", mean_and_deviation(cell.mean, cell.sd))
}

/// ×100 with two decimals.
pub(super) fn mean_and_deviation(mean: f64, sd: Option<f64>) -> String {
    let sd = sd.map_or_else(String::new, |sd| format!(" ± {:.2}", sd * 100.0));
    format!("{:.2}{sd}", mean * 100.0)
}
