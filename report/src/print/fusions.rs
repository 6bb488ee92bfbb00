//! The raters' own labels, fused: with learned confidences beside fusions without a network (the paper's Table 3).

use mrprism_protocol::spec::{FusionKind, Output};
use mrprism_protocol::wire::{Table, TableCell, TableColumn};

use super::part::{Line, absent, marked, mean_and_deviation, recurrence};
use crate::cells::Cells;

/// Title and body of the section; none where no labels were fused.
pub(super) fn section(
    table: &Table,
    cells: &Cells<'_>,
    subject: (&str, &str),
) -> Option<(String, String)> {
    let soft_dice = |column: &TableColumn| column.metric.starts_with("soft_dice@");
    let mut columns = cells.columns(subject, soft_dice);
    columns.retain(|column| {
        !cells
            .rows(&[*column], |row| is_fused(row.output))
            .is_empty()
    });
    let rows = cells.rows(&columns, |row| is_fused(row.output));
    let found = |row| -> Vec<Option<&TableCell>> {
        columns
            .iter()
            .map(|column| cells.at(row, *column))
            .collect()
    };
    let (mut known, mut lines) = (Vec::new(), Vec::new());
    for &row in &rows {
        let Output::Fusion(kind) = table.rows[row].output else {
            continue;
        };
        // A fusion without a network is the same in every arm that sees the same masks at the same size: it is printed once.
        let numbers = found(row);
        let of_kind = |(known, _): &&(FusionKind, Vec<_>)| *known == kind;
        if known
            .iter()
            .filter(of_kind)
            .any(|(_, known)| agree(known, &numbers))
        {
            continue;
        }
        let label = match known.iter().find(of_kind) {
            None => kind.to_string(),
            Some(_) => format!("{kind}, {}", table.rows[row].arm),
        };
        lines.push(Line {
            labels: [label, String::new()],
            numbers: numbers
                .iter()
                .map(|cell| cell.map_or_else(absent, without_deviation))
                .collect(),
        });
        known.push((kind, numbers));
    }
    for &row in &rows {
        if table.rows[row].output != Output::Fused {
            continue;
        }
        let number =
            |cell: Option<&TableCell>| cell.map_or_else(absent, |cell| marked(cell, cell.best));
        lines.push(Line {
            labels: [
                format!("learned, {}", table.rows[row].arm),
                recurrence(&table.rows[row]),
            ],
            numbers: found(row).into_iter().map(number).collect(),
        });
    }
    let printed = cells.lines(["fusion", "rec"], &columns, &lines)?;
    let title = "Fusion of the raters' labels, soft Dice (labels joined, nothing predicted)";
    Some((title.to_owned(), printed))
}

fn is_fused(output: Output) -> bool {
    matches!(output, Output::Fused | Output::Fusion(_))
}

/// Whether two lines hold the same numbers.
fn agree(one: &[Option<&TableCell>], other: &[Option<&TableCell>]) -> bool {
    one.iter()
        .zip(other)
        .all(|(one, other)| match (one, other) {
            (Some(one), Some(other)) => (one.mean - other.mean).abs() < 1e-9,
            (None, None) => true,
            _ => false,
        })
}

/// No seed takes part, so there is nothing to deviate.
fn without_deviation(cell: &TableCell) -> String {
    let best = if cell.best { "*" } else { " " };
    format!("{}{best}", mean_and_deviation(cell.mean, None))
}
