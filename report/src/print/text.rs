//! A table for people, in sections: what was asked, soft Dice, areas, raters one by one, the human row, notes.

use std::collections::BTreeSet;

use mrprism_protocol::spec::Reference;
use mrprism_protocol::wire::{HumanCell, Table, TableColumn};

use super::part::mean_and_deviation;
use super::{WIDTH, compared, fusions, heads, learned, lined, other_flags, ranks, wrapped};
use crate::cells::Cells;

/// The whole table. No line is wider than [`WIDTH`] unless a single name is.
pub fn text(table: &Table) -> String {
    let mut parts = vec![head(table)];
    let cells = Cells::of(table);
    for subject in cells.subjects() {
        let name = format!("{}, {}", subject.0, subject.1);
        let confidences = cells.columns(subject, is_confidence);
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
            (
                format!(
                    "Learned confidence by rater (equal trust: {}): {name}",
                    equal_trust(confidences.len())
                ),
                confidences,
            ),
        ];
        for (title, columns) in sections {
            parts.extend(
                cells
                    .print(&columns)
                    .map(|printed| section(&title, &printed)),
            );
        }
        parts.extend(against(table, &cells, subject));
        let of_their_own = [
            heads::section(table, &cells, subject),
            learned::section(table, &cells, subject),
            fusions::section(table, &cells, subject),
            ranks::section(table, &cells, &cells.columns(subject, is_dice_of_all)),
        ];
        for (title, printed) in of_their_own.into_iter().flatten() {
            parts.push(section(&format!("{title}: {name}"), &printed));
        }
        parts.extend(human(table, subject).map(|printed| {
            section(
                &format!("The human row, each rater against the others: {name}"),
                &printed,
            )
        }));
    }
    parts.extend(elsewhere(table));
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

/// What each arm's last recurrence gains over the baseline's.
fn against(table: &Table, cells: &Cells<'_>, subject: (&str, &str)) -> Option<String> {
    let baseline = table.baseline.as_ref()?;
    let printed = compared::section(cells, &cells.columns(subject, is_dice_of_all))?;
    let title = format!(
        "Soft Dice less {baseline}'s [95 % interval], Holm's p, rank-biserial r: {}, {}",
        subject.0, subject.1
    );
    Some(section(&title, &printed))
}

/// Metrics in units of their own have no room beside soft Dice; the reader is told where they are.
fn elsewhere(table: &Table) -> Option<String> {
    let others = table
        .columns
        .iter()
        .filter(|column| !is_printed(column))
        .map(|column| column.metric.as_str());
    let others: BTreeSet<_> = others.collect();
    let named: Vec<_> = others.into_iter().collect();
    (!named.is_empty()).then(|| {
        let text = format!("In --format csv and json alone: {}.", named.join(", "));
        wrapped(&text, WIDTH, "  ")
    })
}

fn head(table: &Table) -> String {
    let flagged: Vec<_> = {
        let mut flags: Vec<&str> = table.cells.iter().flat_map(other_flags).collect();
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
    lines.extend(encoders(table));
    if !flagged.is_empty() {
        lines.push(wrapped(&format!("† {}", flagged.join("; ")), WIDTH, "  "));
    }
    lines.join("\n")
}

/// Each arm's encoder where they differ; where they agree, a note says it.
fn encoders(table: &Table) -> Option<String> {
    let first = &table.arms.first()?.encoder;
    if table.arms.iter().all(|arm| arm.encoder == *first) {
        return None;
    }
    let named: Vec<_> = table
        .arms
        .iter()
        .map(|arm| format!("{} {}", arm.arm, arm.encoder))
        .collect();
    let text = format!("Encoders differ: {}.", named.join("; "));
    Some(wrapped(&text, WIDTH, "  "))
}

fn section(title: &str, body: &str) -> String {
    format!("{title}\n{body}")
}

fn is_soft_dice(metric: &str) -> bool {
    metric.starts_with("soft_dice@")
}

/// Whether a column has a section in print.
fn is_printed(column: &TableColumn) -> bool {
    is_soft_dice(&column.metric)
        || is_alone(column)
        || is_confidence(column)
        || heads::is_of_heads(column)
        || learned::is_learned(column)
}

fn is_dice_of_all(column: &TableColumn) -> bool {
    is_soft_dice(&column.metric) && !matches!(column.reference, Reference::Rater(_))
}

fn is_dice_of_one(column: &TableColumn) -> bool {
    is_soft_dice(&column.metric) && matches!(column.reference, Reference::Rater(1..))
}

fn is_confidence(column: &TableColumn) -> bool {
    column.metric.starts_with("confidence@")
}

/// What every one of `raters` raters' confidence is where all are trusted alike, ×100.
fn equal_trust(raters: usize) -> String {
    format!("{:.2}", 100.0 / raters as f64)
}

fn is_alone(column: &TableColumn) -> bool {
    column.reference == Reference::Alone && !learned::is_learned(column)
}

/// Mean over raters, then each rater, one line a metric; in pieces where there are many raters.
fn human(table: &Table, (dataset, structure): (&str, &str)) -> Option<String> {
    let cells: Vec<&HumanCell> = table
        .human
        .iter()
        .filter(|cell| cell.dataset == dataset && cell.structure == structure)
        .filter(|cell| is_soft_dice(&cell.metric))
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

#[cfg(test)]
mod tests {
    use mrprism_protocol::spec::{FusionKind, Output, Reference};
    use mrprism_protocol::wire::{Table, TableArm};

    use super::text;
    use crate::print::{WIDTH, csv};

    const TWO_ARMS: &str = include_str!("../../tests/fixtures/two-arms.json");
    const RECURRENCE: &str = include_str!("../../tests/fixtures/recurrence.json");
    const SEVEN_RATERS: &str = include_str!("../../tests/fixtures/seven-raters.json");

    fn read(json: &str) -> Table {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn two_arms_with_two_structures_and_arbitrated_masks() {
        insta::assert_snapshot!(text(&read(TWO_ARMS)));
    }

    #[test]
    fn seven_raters_and_one_seed() {
        insta::assert_snapshot!(text(&read(SEVEN_RATERS)));
    }

    #[test]
    fn what_the_recurrence_did() {
        insta::assert_snapshot!(text(&read(RECURRENCE)));
    }

    #[test]
    fn a_fusion_without_a_network_is_printed_again_where_arms_see_other_masks() {
        let mut table = read(RECURRENCE);
        let row = table
            .rows
            .iter()
            .rposition(|row| row.output == Output::Fusion(FusionKind::Mean));
        for cell in &mut table.cells {
            if Some(cell.row) == row {
                cell.mean -= 0.1;
            }
        }
        let printed = text(&table);
        assert_eq!(printed.matches("\nmean, tau-3").count(), 1, "{printed}");
        assert_eq!(printed.matches("\nstaple ").count(), 1, "{printed}");
    }

    #[test]
    fn no_line_is_too_wide_even_with_twenty_raters_and_long_names() {
        let mut table = read(&SEVEN_RATERS.replace("\"mrprism\"", "\"mrprism with every option\""));
        let columns = table.columns.len();
        for rater in 8..=20 {
            let mut column = table.columns[4].clone();
            column.reference = Reference::Rater(rater);
            table.columns.push(column);
            let cells: Vec<_> = table
                .cells
                .iter()
                .filter(|cell| cell.column == 4)
                .cloned()
                .collect();
            for mut cell in cells {
                cell.column = columns + rater as usize - 8;
                cell.sd = Some(0.1);
                table.cells.push(cell);
            }
        }
        let printed = text(&table);
        assert!(printed.contains("R20"));
        let widest = printed.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(WIDTH), "{printed}");
    }

    #[test]
    fn a_distance_is_not_printed_as_soft_dice() {
        let mut table = read(TWO_ARMS);
        let soft = text(&table);
        assert!(!soft.contains("csv and json alone"));
        let mut column = table.columns[0].clone();
        column.metric = "hausdorff_95@1".to_owned();
        table.columns.push(column);
        let mut cell = table.cells[0].clone();
        (cell.column, cell.mean) = (table.columns.len() - 1, 31.25);
        table.cells.push(cell);
        let printed = text(&table);
        assert!(printed.contains("In --format csv and json alone: hausdorff_95@1."));
        assert!(!printed.contains("3125"), "{printed}");
    }

    #[test]
    fn what_a_method_learned_of_raters_is_a_line_a_number() {
        let mut table = read(SEVEN_RATERS);
        let mut column = table.columns[0].clone();
        (column.metric, column.reference) = ("learned_sensitivity@1".to_owned(), Reference::Alone);
        table.columns.push(column);
        for rater in 1..=9 {
            let mut row = table.rows[0].clone();
            (row.output, row.recurrence) = (Output::Head(rater), None);
            table.rows.push(row);
            let mut cell = table.cells[0].clone();
            (cell.row, cell.column) = (table.rows.len() - 1, table.columns.len() - 1);
            (cell.mean, cell.sd) = (f64::from(rater) / 10.0, None);
            table.cells.push(cell);
        }
        let printed = text(&table);
        let at = printed.find("What methods learned of each rater").unwrap();
        let section: Vec<_> = printed[at..].lines().take(8).collect();
        assert!(
            section[1].ends_with("R7") && section[6].starts_with("───"),
            "{section:?}"
        );
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let first = "mrprism sensitivity 10.00 20.00 30.00 40.00 50.00 60.00 70.00";
        assert_eq!(words(section[3]), first);
        assert_eq!(words(section[7]), "mrprism sensitivity 80.00 90.00");
        assert!(!printed.contains("csv and json alone"));
    }

    #[test]
    fn encoders_that_differ_stand_at_the_top_and_flag_no_number() {
        let mut table = read(SEVEN_RATERS);
        let arm = |arm: &str, encoder: &str| TableArm {
            arm: arm.to_owned(),
            encoder: encoder.to_owned(),
        };
        table.arms = vec![arm("mrprism", "random"), arm("other", "random")];
        assert!(!text(&table).contains("Encoders differ"));
        table.arms[1] = arm("other", "blake3:0123456789ab");
        table.cells[0].flags = vec!["encoder: random".to_owned()];
        let printed = text(&table);
        assert!(printed.contains("Encoders differ: mrprism random; other blake3:0123456789ab."));
        assert!(!printed.contains('†'), "{printed}");
        table.cells[0].flags.push("crop: oracle".to_owned());
        assert!(text(&table).contains("† crop: oracle\n"));
        let line = csv(&table).lines().nth(1).unwrap().to_owned();
        assert!(line.ends_with(",random,crop: oracle"), "{line}");
    }

    #[test]
    fn an_experiment_without_results_says_so() {
        let mut table = read(TWO_ARMS);
        (table.cells, table.human) = (Vec::new(), Vec::new());
        assert!(text(&table).contains("No results yet."));
    }

    #[test]
    fn every_cell_is_one_line_of_csv_with_its_fraction_unrounded() {
        let table = read(TWO_ARMS);
        let printed = csv(&table);
        let lines: Vec<_> = printed.lines().collect();
        assert_eq!(lines.len(), 1 + table.cells.len() + table.human.len());
        let fields = lines[0].split(',').count();
        assert!(lines.iter().all(|line| line.split(',').count() == fields));
        assert!(
            lines[1].starts_with("tau-1,prediction,0,phantom,disc,mean,soft_dice@1,0."),
            "{}",
            lines[1]
        );
        assert!(lines[1].contains(&table.cells[0].mean.to_string()));
        assert!(lines[1].ends_with("crop: oracle"));
    }
}
