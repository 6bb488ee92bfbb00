//! Which head fits which rater: a matrix an arm, and how many heads fit their own rater best.

use std::collections::BTreeMap;

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::wire::{Table, TableCell, TableColumn};

use super::part::{Line, absent, marked};
use super::{WIDTH, wrapped};
use crate::cells::Cells;

/// The metric of these numbers, without its version.
const METRIC: &str = "head_to_rater_soft_dice@";

/// Whether a column holds heads against a rater.
pub(super) fn is_of_heads(column: &TableColumn) -> bool {
    column.metric.starts_with(METRIC)
}

/// Title and body of the section; none where no arm has heads.
pub(super) fn section(
    table: &Table,
    cells: &Cells<'_>,
    subject: (&str, &str),
) -> Option<(String, String)> {
    let columns = cells.columns(subject, is_of_heads);
    let last = cells
        .rows(&columns, |_| true)
        .into_iter()
        .filter_map(|row| table.rows[row].recurrence)
        .max()?;
    let rows = cells.rows(&columns, |row| row.recurrence == Some(last));
    let lines: Vec<_> = rows
        .into_iter()
        .map(|row| Line {
            labels: [
                table.rows[row].arm.clone(),
                table.rows[row].output.to_string().replace(':', " "),
            ],
            numbers: numbers(cells, row, &columns),
        })
        .collect();
    let matrix = cells.lines(["arm", "head"], &columns, &lines)?;
    let counts = counts(table, cells, &columns);
    let title =
        format!("Heads against raters, soft Dice at Rec{last} (* the rater whom a head fits best)");
    Some((title, format!("{matrix}\n{counts}")))
}

/// A head's numbers; the highest of its row is marked, equal ones alike.
fn numbers(cells: &Cells<'_>, row: usize, columns: &[usize]) -> Vec<String> {
    let found: Vec<_> = columns
        .iter()
        .map(|column| cells.at(row, *column))
        .collect();
    let means = found.iter().flatten().map(|cell| cell.mean);
    let best = means.fold(f64::NEG_INFINITY, f64::max);
    let number =
        |cell: Option<&TableCell>| cell.map_or_else(absent, |cell| marked(cell, cell.mean >= best));
    found.into_iter().map(number).collect()
}

/// By recurrence: heads that fit their own rater better than any other, of how many.
type Counts = BTreeMap<u32, (u32, u32)>;

/// How many heads fit their own rater better than any other, for each arm and scored recurrence.
fn counts(table: &Table, cells: &Cells<'_>, columns: &[usize]) -> String {
    let mut arms: Vec<(&str, Counts)> = Vec::new();
    for row in cells.rows(columns, |_| true) {
        let (Output::Head(head), Some(recurrence)) =
            (table.rows[row].output, table.rows[row].recurrence)
        else {
            continue;
        };
        let arm = table.rows[row].arm.as_str();
        if arms.last().is_none_or(|(known, _)| *known != arm) {
            arms.push((arm, BTreeMap::new()));
        }
        if let Some((_, recurrences)) = arms.last_mut() {
            let (own, heads) = recurrences.entry(recurrence).or_default();
            *own += u32::from(fits_own(table, cells, (row, head), columns));
            *heads += 1;
        }
    }
    let lines = arms.iter().map(|(arm, recurrences)| {
        let counts: Vec<_> = recurrences
            .iter()
            .map(|(recurrence, (own, heads))| format!("{own} of {heads} at Rec{recurrence}"))
            .collect();
        let text = format!(
            "{arm}: heads that fit their own rater best: {}.",
            counts.join(", ")
        );
        wrapped(&text, WIDTH, "  ")
    });
    let mut lines: Vec<_> = lines.collect();
    lines.push("Heads that are all alike give at most 1.".to_owned());
    lines.join("\n")
}

fn fits_own(
    table: &Table,
    cells: &Cells<'_>,
    (row, head): (usize, u32),
    columns: &[usize],
) -> bool {
    let mean = |column: &usize| cells.at(row, *column).map(|cell| cell.mean);
    let is_own = |column: &&usize| table.columns[**column].reference == Reference::Rater(head);
    let own = columns.iter().find(is_own).and_then(mean);
    let others = columns
        .iter()
        .filter(|column| !is_own(column))
        .filter_map(mean);
    own.is_some_and(|own| others.fold(f64::NEG_INFINITY, f64::max) < own)
}
