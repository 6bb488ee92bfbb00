//! Every arm against the baseline: its last recurrence's difference, interval, p and effect in each soft Dice column.

use mrprism_protocol::spec::Output;
use mrprism_protocol::wire::{Difference, TableCell, TableRow};

use super::part::{Line, absent, recurrence};
use crate::cells::Cells;

/// The section's lines; none where nothing was compared, or every test and interval was refused: a note says why.
pub(super) fn section(cells: &Cells<'_>, columns: &[usize]) -> Option<String> {
    let rows = cells.rows(columns, |row| row.output == Output::Prediction);
    let is_last = |row: usize| {
        let own = &cells.table.rows[row];
        let later = |other: &TableRow| other.arm == own.arm && other.recurrence > own.recurrence;
        !rows.iter().any(|other| later(&cells.table.rows[*other]))
    };
    let lines: Vec<Line> = rows
        .iter()
        .filter(|row| is_last(**row))
        .filter_map(|row| line(cells, *row, columns))
        .collect();
    cells.lines(["arm", "rec"], columns, &lines)
}

fn line(cells: &Cells<'_>, row: usize, columns: &[usize]) -> Option<Line> {
    let found: Vec<_> = columns
        .iter()
        .map(|column| cells.at(row, *column))
        .collect();
    let says = |cell: &&TableCell| {
        let difference = cell.difference.as_ref();
        difference.is_some_and(|found| found.p.is_some() || found.interval.is_some())
    };
    found.iter().flatten().find(|cell| says(cell))?;
    let of = &cells.table.rows[row];
    Some(Line {
        labels: [of.arm.clone(), recurrence(of)],
        numbers: found
            .into_iter()
            .map(|cell| {
                let difference = cell.and_then(|cell| Some((cell, cell.difference.as_ref()?)));
                difference.map_or_else(absent, |(cell, found)| number(found, cell.p_adjusted))
            })
            .collect(),
    })
}

/// `+1.20 [0.40, 2.00] p 0.031 r 0.55`; what was refused is left out.
fn number(found: &Difference, p: Option<f64>) -> String {
    let mut words = vec![format!("{:+.2}", 100.0 * found.mean)];
    words.extend(
        found
            .interval
            .map(|[low, high]| format!("[{:.2}, {:.2}]", 100.0 * low, 100.0 * high)),
    );
    words.extend(p.map(probability));
    words.extend(found.effect.map(|effect| format!("r {effect:.2}")));
    words.join(" ")
}

/// `p 0.031`; never 0.
pub(super) fn probability(p: f64) -> String {
    if p < 0.001 {
        "p <0.001".to_owned()
    } else {
        format!("p {p:.3}")
    }
}
