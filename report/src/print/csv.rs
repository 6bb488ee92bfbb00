//! One line a cell, for programs.

use mrprism_protocol::wire::{HumanCell, Table, TableCell};

use super::other_flags;

const HEADER: &str = "arm,output,recurrence,dataset,structure,reference,metric,mean,sd,n_seeds,n_folds,n_cases,n_raters,\
                      steps,unit,best,second,p_adjusted,difference,\
                      low,high,p,effect,patients,human_range,encoder,flags";

/// The table's cells, then the human row (as arm `human`), fractions unrounded. No line end after the last line.
pub fn csv(table: &Table) -> String {
    let mut lines = vec![HEADER.to_owned()];
    lines.extend(table.cells.iter().filter_map(|cell| line_of(table, cell)));
    lines.extend(table.human.iter().map(line_of_human));
    lines.join("\n")
}

fn line_of(table: &Table, cell: &TableCell) -> Option<String> {
    let (row, column) = (table.rows.get(cell.row)?, table.columns.get(cell.column)?);
    let difference = cell.difference.as_ref();
    let interval = difference.and_then(|found| found.interval);
    Some(joined(&[
        row.arm.clone(),
        row.output.to_string(),
        word(row.recurrence),
        column.dataset.clone(),
        column.structure.clone(),
        column.reference.to_string(),
        column.metric.clone(),
        cell.mean.to_string(),
        word(cell.sd),
        cell.n_seeds.to_string(),
        cell.n_folds.to_string(),
        cell.n_cases.to_string(),
        cell.n_raters.to_string(),
        word(cell.steps),
        cell.unit.clone(),
        cell.best.to_string(),
        cell.second.to_string(),
        word(cell.p_adjusted),
        word(difference.map(|found| found.mean)),
        word(interval.map(|[low, _]| low)),
        word(interval.map(|[_, high]| high)),
        word(difference.and_then(|found| found.p)),
        word(difference.and_then(|found| found.effect)),
        word(difference.map(|found| found.patients)),
        word(cell.human_range),
        encoder_of(table, &row.arm),
        other_flags(cell).collect::<Vec<_>>().join(";"),
    ]))
}

/// What an arm's encoder began as; nothing where the table does not say.
fn encoder_of(table: &Table, arm: &str) -> String {
    let arm = table.arms.iter().find(|known| known.arm == arm);
    arm.map_or_else(String::new, |arm| arm.encoder.clone())
}

fn line_of_human(cell: &HumanCell) -> String {
    let mut fields = vec![String::new(); HEADER.split(',').count()];
    let output = cell
        .rater
        .map_or_else(|| "raters".to_owned(), |rater| format!("rater:{rater}"));
    // The reference is made of the other raters; their mean stands for all of them.
    let reference = format!("leave-one-out:{}", cell.rater.unwrap_or(0));
    let known = [
        (0, "human".to_owned()),
        (1, output),
        (3, cell.dataset.clone()),
        (4, cell.structure.clone()),
        (5, reference),
        (6, cell.metric.clone()),
        (7, cell.mean.to_string()),
        (8, word(cell.sd)),
        (11, cell.n_cases.to_string()),
        (
            14,
            if cell.sd.is_some() {
                "raters".to_owned()
            } else {
                String::new()
            },
        ),
    ];
    for (index, field) in known {
        fields[index] = field;
    }
    joined(&fields)
}

fn word(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// RFC 4180: a field with a comma, a quote or a line end stands in quotes.
pub(crate) fn joined(fields: &[String]) -> String {
    let quoted = fields.iter().map(|field| {
        if field.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            field.clone()
        }
    });
    quoted.collect::<Vec<_>>().join(",")
}
