//! A table for people, in sections: what was asked, soft Dice, areas, raters one by one, the human row, notes.

use mrprism_protocol::spec::Reference;
use mrprism_protocol::wire::{HumanCell, Table, TableColumn};

use super::part::{Cells, mean_and_deviation};
use super::{WIDTH, lined, wrapped};

/// The whole table. No line is wider than [`WIDTH`] unless a single name is.
pub(crate) fn text(table: &Table) -> String {
    let mut parts = vec![head(table)];
    let cells = Cells::of(table);
    for subject in cells.subjects() {
        let name = format!("{}, {}", subject.0, subject.1);
        let sections = [
            (
                format!("Soft Dice: {name}"),
                cells.columns(subject, is_dice_of_all),
            ),
            (
                format!("Mask area and change by recurrence: {name}"),
                cells.columns(subject, is_alone),
            ),
            (
                format!("Soft Dice against each rater: {name}"),
                cells.columns(subject, is_dice_of_one),
            ),
        ];
        for (title, columns) in sections {
            parts.extend(
                cells
                    .print(&columns)
                    .map(|printed| section(&title, &printed)),
            );
        }
        parts.extend(human(table, subject).map(|printed| {
            section(
                &format!("The human row, each rater against the others: {name}"),
                &printed,
            )
        }));
    }
    if !table.notes.is_empty() {
        let notes: Vec<_> = table
            .notes
            .iter()
            .map(|note| wrapped(&format!("- {note}"), WIDTH, "  "))
            .collect();
        parts.push(section("Notes", &notes.join("\n")));
    }
    parts.join("\n\n")
}

fn head(table: &Table) -> String {
    let flagged: Vec<_> = {
        let mut flags: Vec<&str> = table
            .cells
            .iter()
            .flat_map(|cell| cell.flags.iter().map(String::as_str))
            .collect();
        flags.sort_unstable();
        flags.dedup();
        flags
    };
    let counts = table.cells.first().map_or_else(
        || "No results yet.".to_owned(),
        |cell| {
            format!(
                "All numbers ×100: mean ± sd over {}; {} seed(s), {} fold(s), {} test cases, {} raters. * best of its column.",
                cell.unit, cell.n_seeds, cell.n_folds, cell.n_cases, cell.n_raters
            )
        },
    );
    let mut lines = vec![
        wrapped(
            &format!("{}: {}", table.experiment, table.question),
            WIDTH,
            "  ",
        ),
        wrapped(&counts, WIDTH, "  "),
    ];
    if !flagged.is_empty() {
        lines.push(wrapped(&format!("† {}", flagged.join("; ")), WIDTH, "  "));
    }
    lines.join("\n")
}

fn section(title: &str, body: &str) -> String {
    format!("{title}\n{body}")
}

fn is_dice_of_all(column: &TableColumn) -> bool {
    !is_alone(column) && !matches!(column.reference, Reference::Rater(_))
}

fn is_dice_of_one(column: &TableColumn) -> bool {
    matches!(column.reference, Reference::Rater(_))
}

fn is_alone(column: &TableColumn) -> bool {
    column.reference == Reference::Alone
}

/// Mean over raters, then each rater, one line a metric; in pieces where there are many raters.
fn human(table: &Table, (dataset, structure): (&str, &str)) -> Option<String> {
    let cells: Vec<&HumanCell> = table
        .human
        .iter()
        .filter(|cell| cell.dataset == dataset && cell.structure == structure)
        .collect();
    let mut metrics: Vec<&str> = cells.iter().map(|cell| cell.metric.as_str()).collect();
    metrics.dedup();
    let mut raters: Vec<_> = cells.iter().map(|cell| cell.rater).collect();
    raters.sort_unstable();
    raters.dedup();
    // Eleven letters a number leave room for eight beside the metric's name.
    let pieces = raters.chunks(8).map(|chunk| {
        let mut header = vec!["metric".to_owned()];
        header.extend(
            chunk
                .iter()
                .map(|rater| rater.map_or_else(|| "mean".to_owned(), |rater| format!("R{rater}"))),
        );
        let rows = metrics.iter().map(|metric| {
            let mut row = vec![(*metric).to_owned()];
            row.extend(chunk.iter().map(|rater| {
                let found = cells
                    .iter()
                    .find(|cell| cell.rater == *rater && cell.metric == *metric);
                found.map_or_else(
                    || "–".to_owned(),
                    |cell| mean_and_deviation(cell.mean, cell.sd),
                )
            }));
            row
        });
        lined(header, rows, 1)
    });
    let pieces: Vec<_> = pieces.collect();
    (!pieces.is_empty()).then(|| pieces.join("\n\n"))
}
