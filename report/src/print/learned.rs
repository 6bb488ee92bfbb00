//! What methods learned of each rater over all cases: sensitivities, weights, entries of confusion matrices.

use mrprism_protocol::spec::Output;
use mrprism_protocol::wire::{Table, TableColumn};

use super::lined;
use super::part::{absent, mean_and_deviation};
use crate::cells::Cells;

/// What these metrics' names begin with.
const PREFIX: &str = "learned_";

/// Raters side by side: eleven letters each beside arm and name.
const RATERS: usize = 7;

/// Whether a column holds learned numbers.
pub(super) fn is_learned(column: &TableColumn) -> bool {
    column.metric.starts_with(PREFIX)
}

/// Title and body of the section; none where no method learned such numbers.
pub(super) fn section(
    table: &Table,
    cells: &Cells<'_>,
    subject: (&str, &str),
) -> Option<(String, String)> {
    let columns = cells.columns(subject, is_learned);
    let rows = cells.rows(&columns, |_| true);
    let rater = |row: usize| match table.rows[row].output {
        Output::Head(rater) => Some(rater),
        _ => None,
    };
    let raters: std::collections::BTreeSet<u32> =
        rows.iter().filter_map(|row| rater(*row)).collect();
    let raters: Vec<u32> = raters.into_iter().collect();
    let mut arms: Vec<&str> = rows
        .iter()
        .map(|row| table.rows[*row].arm.as_str())
        .collect();
    arms.dedup();
    // (arm, column) with a number, in the table's order.
    let lines: Vec<(&str, usize)> = arms
        .into_iter()
        .flat_map(|arm| columns.iter().map(move |column| (arm, *column)))
        .filter(|(arm, column)| {
            let mut of_arm = rows.iter().filter(|row| table.rows[**row].arm == **arm);
            of_arm.any(|row| cells.at(*row, *column).is_some())
        })
        .collect();
    if lines.is_empty() {
        return None;
    }
    let number = |arm: &str, column: usize, of: u32| {
        let mut found = rows
            .iter()
            .filter(|row| table.rows[**row].arm == arm && rater(**row) == Some(of));
        let cell = found.find_map(|row| cells.at(*row, column));
        cell.map_or_else(absent, |cell| mean_and_deviation(cell.mean, cell.sd))
    };
    let pieces = raters.chunks(RATERS).map(|chunk| {
        let mut header = vec!["arm".to_owned(), "learned".to_owned()];
        header.extend(chunk.iter().map(|rater| format!("R{rater}")));
        let rows = lines.iter().map(|(arm, column)| {
            let mut row = vec![(*arm).to_owned(), name(&table.columns[*column])];
            row.extend(chunk.iter().map(|rater| number(arm, *column, *rater)));
            row
        });
        lined(header, rows, 2)
    });
    let pieces: Vec<_> = pieces.collect();
    Some((
        "What methods learned of each rater".to_owned(),
        pieces.join("\n\n"),
    ))
}

/// `learned_confusion_01@1` is `confusion 01`.
fn name(column: &TableColumn) -> String {
    let name = column.metric.split('@').next().unwrap_or(&column.metric);
    name.trim_start_matches(PREFIX).replace('_', " ")
}
