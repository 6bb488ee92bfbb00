//! Mean ranks of arms over patients: what a critical-difference diagram draws.

use mrprism_protocol::wire::{Table, TableRanks};

use super::compared::probability;
use super::part::{Line, absent, heading, recurrence};
use super::{WIDTH, wrapped};
use crate::cells::Cells;

/// A subject's ranks with their tests; none where nothing was ranked.
pub(super) fn section(
    table: &Table,
    cells: &Cells<'_>,
    columns: &[usize],
) -> Option<(String, String)> {
    let ranked: Vec<&TableRanks> = columns
        .iter()
        .filter_map(|column| table.ranks.iter().find(|found| found.column == *column))
        .filter(|found| found.refused.is_none())
        .collect();
    let first = ranked.first()?;
    let mut rows: Vec<usize> = ranked.iter().flat_map(|found| found.rows.clone()).collect();
    rows.sort_unstable();
    rows.dedup();
    let rank = |of: &TableRanks, row: usize| {
        let at = of.rows.iter().position(|known| *known == row);
        let rank = at.and_then(|at| of.mean_ranks.get(at));
        rank.map_or_else(absent, |rank| format!("{rank:.2}"))
    };
    let lines: Vec<Line> = rows
        .iter()
        .map(|row| Line {
            labels: [table.rows[*row].arm.clone(), recurrence(&table.rows[*row])],
            numbers: ranked.iter().map(|of| rank(of, *row)).collect(),
        })
        .collect();
    let columns: Vec<usize> = ranked.iter().map(|found| found.column).collect();
    let printed = cells.lines(["arm", "rec"], &columns, &lines)?;
    let tests: Vec<String> = ranked
        .iter()
        .map(|of| test(&heading(&table.columns[of.column]), of))
        .collect();
    let said = wrapped(
        &format!(
            "Friedman's test; two arms differ (Nemenyi, 0.05) where their ranks do by the difference given: {}.",
            tests.join("; ")
        ),
        WIDTH,
        "  ",
    );
    let title = format!("Mean rank over {} patients, 1 for the best", first.patients);
    Some((title, format!("{printed}\n{said}")))
}

fn test(name: &str, of: &TableRanks) -> String {
    let p = of.p.map_or_else(absent, probability);
    let difference = of
        .critical_difference
        .map_or_else(absent, |difference| format!("{difference:.2}"));
    format!("{name} {p}, {difference}")
}
