//! What a template can print of a table (docs/templates.md has every name): the paper's grids, as they stand on the page.

use mrprism_protocol::wire::{HumanRange, Table, TableCell};
use serde::Serialize;

use super::grid::{Grid, GridRow, grids};
use super::names::Names;
use super::part::{heading, mean_and_deviation, recurrence};
use super::{caption, factors};

/// Below this, an adjusted p earns its mark.
pub(super) const ALPHA: f64 = 0.05;

/// A whole table.
#[derive(Debug, Serialize)]
pub(crate) struct Context {
    experiment: String,
    question: String,
    baseline: Option<String>,
    caption: String,
    notes: Vec<String>,
    has_ticks: bool,
    pub(crate) macros: Vec<Macro>,
    pub(crate) grids: Vec<Sheet>,
}

/// A macro of LaTeX and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Macro {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// One data set.
#[derive(Debug, Serialize)]
pub(crate) struct Sheet {
    pub(crate) dataset: String,
    factors: Vec<String>,
    structures: Vec<Structure>,
    pub(crate) rows: Vec<Row>,
    pub(crate) raters: Option<Vec<Raters>>,
}

/// Columns of one structure.
#[derive(Debug, Serialize)]
struct Structure {
    name: String,
    headings: Vec<String>,
    has_differences: bool,
    /// Its columns, counted from 1 with the row's labels before them.
    first: usize,
    last: usize,
    width: usize,
}

#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) arm: String,
    pub(crate) recurrence: String,
    factors: Vec<String>,
    pub(crate) parts: Vec<Part>,
}

/// A row's numbers of one structure.
#[derive(Debug, Serialize)]
pub(crate) struct Part {
    pub(crate) cells: Vec<Option<Entry>>,
    /// One where the structure has a column of differences.
    pub(crate) differences: Vec<Option<Difference>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    name: String,
    pub(crate) mean: f64,
    pub(crate) sd: Option<f64>,
    number: String,
    tex: String,
    best: bool,
    second: bool,
    marks: String,
    p_adjusted: Option<f64>,
    flags: Vec<String>,
}

/// Points from the baseline.
#[derive(Debug, Serialize)]
pub(crate) struct Difference {
    name: String,
    pub(crate) fraction: f64,
    mean: String,
    interval: Option<[String; 2]>,
    patients: usize,
}

/// The human row of one structure.
#[derive(Debug, Serialize)]
pub(crate) struct Raters {
    pub(crate) numbers: Vec<Option<RatersEntry>>,
    has_differences: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct RatersEntry {
    pub(crate) mean: f64,
    pub(crate) sd: Option<f64>,
    number: String,
    tex: String,
}

impl Context {
    pub(crate) fn of(table: &Table) -> Self {
        let (mut names, mut macros) = (Names::default(), Vec::new());
        let grids = grids(table);
        let shown = caption::shown(&grids);
        let (caption, marks) = (caption::of(table, &shown), caption::notes(table, &shown));
        let sheets = grids.iter().map(|grid| {
            let mut maker = Maker {
                table,
                names: &mut names,
                macros: &mut macros,
            };
            maker.sheet(grid)
        });
        let grids: Vec<_> = sheets.collect();
        let ticked = |row: &Row| row.factors.iter().any(|value| value == factors::TICK);
        Self {
            experiment: table.experiment.clone(),
            question: table.question.clone(),
            baseline: table.baseline.clone(),
            caption,
            notes: table.notes.iter().cloned().chain(marks).collect(),
            has_ticks: grids.iter().flat_map(|grid| &grid.rows).any(ticked),
            macros,
            grids,
        }
    }
}

/// Names macros while it goes along the cells.
struct Maker<'a> {
    table: &'a Table,
    names: &'a mut Names,
    macros: &'a mut Vec<Macro>,
}

impl Maker<'_> {
    fn sheet(&mut self, grid: &Grid<'_>) -> Sheet {
        let factors = factors::headings(self.table);
        let mut structures: Vec<Structure> = Vec::new();
        let mut place = 0;
        for (name, columns) in &grid.structures {
            let in_first =
                |row: &GridRow<'_>| row.cells[place].is_some_and(|cell| cell.difference.is_some());
            let has_differences = grid.rows.iter().any(in_first);
            let width = columns.len() + usize::from(has_differences);
            let first = structures
                .last()
                .map_or(3 + factors.len(), |before| before.last + 1);
            let headings = columns.iter().map(|at| heading(&self.table.columns[*at]));
            structures.push(Structure {
                name: (*name).to_owned(),
                headings: headings.collect(),
                has_differences,
                first,
                last: first + width - 1,
                width,
            });
            place += columns.len();
        }
        let rows = grid.rows.iter().map(|row| self.row(grid, row, &structures));
        let rows = rows.collect();
        let raters = grid.human.as_ref().map(|human| {
            let mut human = human.iter();
            let parts = structures.iter().map(|structure| Raters {
                numbers: human
                    .by_ref()
                    .take(structure.headings.len())
                    .map(|found| {
                        found.map(|(mean, sd)| RatersEntry {
                            mean,
                            sd,
                            number: mean_and_deviation(mean, sd),
                            tex: tex(mean, sd),
                        })
                    })
                    .collect(),
                has_differences: structure.has_differences,
            });
            parts.collect()
        });
        Sheet {
            dataset: grid.dataset.to_owned(),
            factors,
            structures,
            rows,
            raters,
        }
    }

    fn row(&mut self, grid: &Grid<'_>, row: &GridRow<'_>, structures: &[Structure]) -> Row {
        let mut place = 0;
        let mut parts = Vec::new();
        for (structure, (_, columns)) in structures.iter().zip(&grid.structures) {
            let mut part = Part {
                cells: Vec::new(),
                differences: Vec::new(),
            };
            for (cell, column) in row.cells[place..].iter().zip(columns) {
                part.cells
                    .push(cell.map(|cell| self.number(row, *column, cell)));
            }
            if structure.has_differences {
                let difference = row.cells[place].zip(columns.first());
                let difference =
                    difference.and_then(|(cell, column)| self.difference(row, *column, cell));
                part.differences.push(difference);
            }
            place += columns.len();
            parts.push(part);
        }
        Row {
            arm: row.row.arm.clone(),
            recurrence: recurrence(row.row),
            factors: factors::of_arm(self.table, &row.row.arm),
            parts,
        }
    }

    fn number(&mut self, row: &GridRow<'_>, column: usize, cell: &TableCell) -> Entry {
        let tex = tex(cell.mean, cell.sd);
        let name = self.defined(row, column, "", &tex);
        let significant = cell.p_adjusted.is_some_and(|p| p < ALPHA);
        let human = match cell.human_range {
            Some(HumanRange::Within) => "†",
            Some(HumanRange::Above) => "‡",
            _ => "",
        };
        Entry {
            name,
            mean: cell.mean,
            sd: cell.sd,
            number: mean_and_deviation(cell.mean, cell.sd),
            tex,
            best: cell.best,
            second: cell.second,
            marks: format!("{}{human}", if significant { "*" } else { "" }),
            p_adjusted: cell.p_adjusted,
            flags: cell.flags.clone(),
        }
    }

    fn difference(
        &mut self,
        row: &GridRow<'_>,
        column: usize,
        cell: &TableCell,
    ) -> Option<Difference> {
        let found = cell.difference.as_ref()?;
        let mean = points(found.mean);
        Some(Difference {
            name: self.defined(row, column, " difference", &mean),
            fraction: found.mean,
            mean,
            interval: found.interval.map(|ends| ends.map(points)),
            patients: found.patients,
        })
    }

    /// Names a new macro for a cell, by what it is of.
    fn defined(&mut self, row: &GridRow<'_>, column: usize, more: &str, value: &str) -> String {
        let column = &self.table.columns[column];
        let words = [
            self.table.experiment.as_str(),
            row.row.arm.as_str(),
            recurrence(row.row).as_str(),
            &column.dataset,
            &column.structure,
            &heading(column),
        ]
        .join(" ");
        let name = self.names.new_name(&(words + more));
        self.macros.push(Macro {
            name: name.clone(),
            value: value.to_owned(),
        });
        name
    }
}

/// As siunitx reads it.
fn tex(mean: f64, sd: Option<f64>) -> String {
    let sd = sd.map_or_else(String::new, |sd| format!(r" \pm {:.2}", sd * 100.0));
    format!("{:.2}{sd}", mean * 100.0)
}

/// Points with their sign.
fn points(fraction: f64) -> String {
    format!("{:+.2}", fraction * 100.0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use mrprism_protocol::wire::{Difference, Table};
    use serde_json::Value;

    use super::Context;

    /// Every name below `value`.
    fn names(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| names(item, found)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    found.insert(name.clone());
                    names(value, found);
                }
            }
            _ => {}
        }
    }

    #[test]
    fn the_page_on_templates_has_every_name() {
        let text = include_str!("../../tests/fixtures/two-arms.json");
        let mut table: Table = serde_json::from_str(text).unwrap();
        table.cells[0].difference = Some(Difference {
            mean: 0.01,
            interval: None,
            test: None,
            p: None,
            effect: None,
            patients: 5,
            refused: Vec::new(),
        });
        let mut found = BTreeSet::new();
        names(
            &serde_json::to_value(Context::of(&table)).unwrap(),
            &mut found,
        );
        assert!(found.contains("interval") && found.len() > 30, "{found:?}");
        let page = include_str!("../../../docs/templates.md");
        found.retain(|name| !page.contains(&format!("`{name}`")));
        assert!(found.is_empty(), "docs/templates.md lacks {found:?}");
    }
}
