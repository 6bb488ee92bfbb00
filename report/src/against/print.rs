//! Ours beside theirs, for people and programs: one line a number.

use super::compare::{Against, AgainstLine, AgainstTable};
use crate::print::{WIDTH, joined, lined, wrapped};

const HEADER: [&str; 8] = [
    "the paper's",
    "column",
    "arm",
    "rec",
    "our reference",
    "ours",
    "paper",
    "points",
];
/// How many of them are words.
const WORDS: usize = 5;

/// × 100 with two decimals; differences are points.
pub fn text(against: &Against) -> String {
    let mut parts = vec![format!(
        "{} against the paper. ×100, soft Dice; points: ours minus the paper's.",
        against.experiment
    )];
    for table in &against.tables {
        let header = HEADER.map(str::to_owned).to_vec();
        let printed = lined(header, table.lines.iter().map(row), WORDS);
        let notes = notes(table).map(|note| wrapped(&note, WIDTH, "  "));
        let notes: Vec<_> = notes.collect();
        parts.push(format!(
            "{}\n{printed}\n\n{}",
            title(table),
            notes.join("\n")
        ));
    }
    let notes = against.notes.iter().map(|note| wrapped(note, WIDTH, "  "));
    parts.extend(notes);
    parts.join("\n\n")
}

/// The same as Markdown.
pub fn markdown(against: &Against) -> String {
    let mut parts = vec![format!(
        "**{}** against the paper: soft Dice × 100; points are ours minus the paper's.",
        against.experiment
    )];
    for table in &against.tables {
        let rule = (0..HEADER.len()).map(|at| if at < WORDS { "---" } else { "---:" });
        let rule: Vec<_> = rule.collect();
        let mut lines = vec![
            format!("| {} |", HEADER.join(" | ")),
            format!("| {} |", rule.join(" | ")),
        ];
        lines.extend(table.lines.iter().map(|line| {
            let cells = row(line);
            let cells: Vec<_> = cells
                .iter()
                .map(|cell| crate::print::escaped_for_markdown(cell))
                .collect();
            format!("| {} |", cells.join(" | "))
        }));
        let notes =
            notes(table).map(|note| format!("- {}", crate::print::escaped_for_markdown(&note)));
        let notes: Vec<_> = notes.collect();
        parts.push(format!("### {}", title(table)));
        parts.push(lines.join("\n"));
        parts.push(notes.join("\n"));
    }
    parts.extend(
        against
            .notes
            .iter()
            .map(|note| crate::print::escaped_for_markdown(note)),
    );
    parts.join("\n\n")
}

/// One line a number, fractions unrounded. No line end after the last line.
pub fn csv(against: &Against) -> String {
    let mut lines = vec![
        "table,paper_row,paper_column,paper_reference,arm,output,recurrence,dataset,structure,reference,ours,sd,n_seeds,n_cases,paper,difference"
            .to_owned(),
    ];
    for table in &against.tables {
        lines.extend(table.lines.iter().map(|line| {
            joined(&[
                table.number.to_string(),
                line.paper_row.clone(),
                line.paper_column.clone(),
                table.paper_reference.clone(),
                line.row.arm.clone(),
                line.row.output.to_string(),
                line.row
                    .recurrence
                    .map_or_else(String::new, |number| number.to_string()),
                line.dataset.clone(),
                line.structure.clone(),
                line.reference.to_string(),
                line.ours.to_string(),
                line.sd.map_or_else(String::new, |sd| sd.to_string()),
                line.n_seeds.to_string(),
                line.n_cases.to_string(),
                line.paper.to_string(),
                line.difference.to_string(),
            ])
        }));
    }
    lines.join("\n")
}

fn title(table: &AgainstTable) -> String {
    format!("The paper's table {}: {}", table.number, table.title)
}

fn notes(table: &AgainstTable) -> impl Iterator<Item = String> + '_ {
    let reference = format!("The paper scores against {}.", table.paper_reference);
    std::iter::once(reference).chain(table.notes.iter().cloned())
}

fn row(line: &AgainstLine) -> Vec<String> {
    let sd = line
        .sd
        .map_or_else(String::new, |sd| format!(" ± {:.2}", sd * 100.0));
    vec![
        line.paper_row.clone(),
        line.paper_column.clone(),
        line.row.arm.clone(),
        line.row
            .recurrence
            .map_or_else(String::new, |number| format!("Rec{number}")),
        crate::print::reference_word(line.reference),
        format!("{:.2}{sd}", line.ours * 100.0),
        format!("{:.2}", line.paper * 100.0),
        format!("{:+.2}", line.difference * 100.0),
    ]
}
