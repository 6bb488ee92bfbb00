//! What tables print, as a paper can repeat it.

use std::collections::BTreeMap;

use mrprism_protocol::wire::Table;

use crate::print::context::{Context, RatersEntry, Row, Sheet};

/// A row of numbers that a paper may have typed.
#[derive(Debug, Clone)]
pub(super) struct KnownRow {
    /// What its first cell may be.
    pub(super) names: Vec<String>,
    /// `Rec2`, or nothing.
    pub(super) recurrence: String,
    /// Which table and data sets it is of.
    pub(super) of: String,
    /// One a column; none where there is no number.
    pub(super) numbers: Vec<Option<Printed>>,
}

/// A number × 100, unrounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Printed {
    pub(super) mean: f64,
    pub(super) sd: Option<f64>,
}

/// Every macro that the tables define.
pub(super) fn macros(tables: &[Table]) -> BTreeMap<String, String> {
    let macros = tables.iter().flat_map(|table| Context::of(table).macros);
    macros.map(|known| (known.name, known.value)).collect()
}

/// Every row that the tables print: with and without differences, and over all data sets side by side.
pub(super) fn rows(tables: &[Table], titles: &BTreeMap<String, String>) -> Vec<KnownRow> {
    let mut rows = Vec::new();
    for table in tables {
        let context = Context::of(table);
        for sheet in &context.grids {
            for row in &sheet.rows {
                rows.extend(of_row(&table.experiment, sheet, row, titles));
            }
            if let Some(numbers) = raters(sheet) {
                rows.push(KnownRow {
                    names: vec!["raters".to_owned(), "raters against each other".to_owned()],
                    recurrence: String::new(),
                    of: format!("{}, {}", table.experiment, sheet.dataset),
                    numbers,
                });
            }
        }
        if context.grids.len() > 1 {
            rows.extend(side_by_side(&table.experiment, &context.grids, titles));
        }
    }
    rows
}

fn of_row(
    experiment: &str,
    sheet: &Sheet,
    row: &Row,
    titles: &BTreeMap<String, String>,
) -> Vec<KnownRow> {
    let plain = KnownRow {
        names: names(&row.arm, titles),
        recurrence: row.recurrence.clone(),
        of: format!("{experiment}, {}", sheet.dataset),
        numbers: numbers(row, false),
    };
    let with = numbers(row, true);
    if with.len() == plain.numbers.len() {
        return vec![plain];
    }
    let with = KnownRow {
        numbers: with,
        ..plain.clone()
    };
    vec![plain, with]
}

/// A row as the paper's tables have it: every data set beside the other.
fn side_by_side(
    experiment: &str,
    sheets: &[Sheet],
    titles: &BTreeMap<String, String>,
) -> Vec<KnownRow> {
    let mut rows: Vec<KnownRow> = Vec::new();
    let all = sheets.iter().flat_map(|sheet| &sheet.rows);
    for row in all {
        let names = names(&row.arm, titles);
        let is_known =
            |known: &KnownRow| known.names == names && known.recurrence == row.recurrence;
        if rows.iter().any(is_known) {
            continue;
        }
        let all = sheets.iter().flat_map(|sheet| {
            let same = |other: &&Row| other.arm == row.arm && other.recurrence == row.recurrence;
            let found = sheet
                .rows
                .iter()
                .find(same)
                .map(|found| numbers(found, false));
            found.unwrap_or_else(|| vec![None; width(sheet)])
        });
        rows.push(KnownRow {
            of: format!("{experiment}, all data sets"),
            numbers: all.collect(),
            recurrence: row.recurrence.clone(),
            names,
        });
    }
    rows
}

fn names(arm: &str, titles: &BTreeMap<String, String>) -> Vec<String> {
    let title = titles.get(arm).cloned();
    std::iter::once(arm.to_owned()).chain(title).collect()
}

/// A row's numbers in the order of columns.
fn numbers(row: &Row, with_differences: bool) -> Vec<Option<Printed>> {
    let mut found = Vec::new();
    for part in &row.parts {
        let cells = part.cells.iter().map(Option::as_ref);
        found.extend(cells.map(|cell| cell.map(|cell| percent(cell.mean, cell.sd))));
        if with_differences {
            let differences = part.differences.iter().map(Option::as_ref);
            found.extend(differences.map(|found| found.map(|found| percent(found.fraction, None))));
        }
    }
    found
}

fn raters(sheet: &Sheet) -> Option<Vec<Option<Printed>>> {
    let parts = sheet.raters.as_ref()?;
    let entries = parts.iter().flat_map(|part| &part.numbers);
    let entry = |entry: &Option<RatersEntry>| {
        let entry = entry.as_ref()?;
        Some(percent(entry.mean, entry.sd))
    };
    Some(entries.map(entry).collect())
}

/// How many numbers a row of the sheet has.
fn width(sheet: &Sheet) -> usize {
    let parts = sheet.rows.first().map_or(&[][..], |row| &row.parts);
    parts.iter().map(|part| part.cells.len()).sum()
}

fn percent(mean: f64, sd: Option<f64>) -> Printed {
    Printed {
        mean: mean * 100.0,
        sd: sd.map(|sd| sd * 100.0),
    }
}
