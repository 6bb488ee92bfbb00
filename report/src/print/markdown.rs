//! A table as Markdown: soft Dice of each data set, then the notes.

use mrprism_protocol::wire::{Table, TableCell};

use super::grid::{Grid, grids};
use super::part::{absent, heading, mean_and_deviation, recurrence};

/// The best of a column is bold, the second underlined; numbers × 100, mean ± sd over seeds.
pub fn markdown(table: &Table) -> String {
    let mut parts = vec![format!(
        "**{}**: {}",
        escaped(&table.experiment),
        escaped(&table.question)
    )];
    parts.extend(grids(table).iter().map(|grid| body(table, grid)));
    let notes: Vec<_> = table
        .notes
        .iter()
        .map(|note| format!("- {}", escaped(note)))
        .collect();
    if !notes.is_empty() {
        parts.push(notes.join("\n"));
    }
    parts.join("\n\n")
}

fn body(table: &Table, grid: &Grid<'_>) -> String {
    let several = grid.structures.len() > 1;
    let headings = grid.columns().map(|column| {
        let column = &table.columns[column];
        let reference = heading(column);
        escaped(&if several {
            format!("{}, {reference}", column.structure)
        } else {
            reference
        })
    });
    let mut header = vec![escaped(grid.dataset), "rec".to_owned()];
    header.extend(headings);
    let rule = header.iter().enumerate().map(|(at, _)| match at {
        0 | 1 => "---".to_owned(),
        _ => "---:".to_owned(),
    });
    let rule: Vec<_> = rule.collect();
    let mut lines = vec![line(&header), line(&rule)];
    for row in &grid.rows {
        let mut cells = vec![escaped(&row.row.arm), recurrence(row.row)];
        cells.extend(
            row.cells
                .iter()
                .map(|cell| cell.map_or_else(absent, number)),
        );
        lines.push(line(&cells));
    }
    if let Some(human) = &grid.human {
        let mut cells = vec!["raters against each other".to_owned(), String::new()];
        cells.extend(
            human
                .iter()
                .map(|found| found.map_or_else(absent, |(mean, sd)| mean_and_deviation(mean, sd))),
        );
        lines.push(line(&cells));
    }
    lines.join("\n")
}

fn number(cell: &TableCell) -> String {
    let number = mean_and_deviation(cell.mean, cell.sd);
    match (cell.best, cell.second) {
        (true, _) => format!("**{number}**"),
        (_, true) => format!("<u>{number}</u>"),
        _ => number,
    }
}

fn line(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

/// Names are the user's: nothing in them is markup.
fn escaped(text: &str) -> String {
    let mut found = String::with_capacity(text.len());
    for character in text.chars() {
        if "\\`*_[]<>|#".contains(character) {
            found.push('\\');
        }
        found.push(if character == '\n' { ' ' } else { character });
    }
    found
}
