//! The table that a paper prints: methods down, references across, soft Dice.

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::wire::{Table, TableCell, TableColumn, TableRow};

use crate::cells::Cells;

/// Mean over raters and their deviation.
pub(super) type Human = (f64, Option<f64>);

/// A structure and its columns' positions in the table.
type Columns<'a> = (&'a str, Vec<usize>);

/// One data set's soft Dice.
pub(super) struct Grid<'a> {
    /// The data set.
    pub(super) dataset: &'a str,
    /// Structures with their columns, positions in the table's.
    pub(super) structures: Vec<Columns<'a>>,
    /// Rows, one cell a column each.
    pub(super) rows: Vec<GridRow<'a>>,
    /// The human row's mean over raters for each column; leave-one-out alone has one.
    pub(super) human: Option<Vec<Option<Human>>>,
}

/// One line of it.
pub(super) struct GridRow<'a> {
    pub(super) row: &'a TableRow,
    pub(super) cells: Vec<Option<&'a TableCell>>,
}

/// A grid for each data set that has soft Dice against a reference of all raters.
pub(super) fn grids(table: &Table) -> Vec<Grid<'_>> {
    let cells = Cells::of(table);
    let mut datasets: Vec<(&str, Vec<Columns<'_>>)> = Vec::new();
    for (dataset, structure) in cells.subjects() {
        let columns = cells.columns((dataset, structure), is_shown);
        match datasets.last_mut() {
            _ if columns.is_empty() => {}
            Some((known, structures)) if *known == dataset => structures.push((structure, columns)),
            _ => datasets.push((dataset, vec![(structure, columns)])),
        }
    }
    let grid = |(dataset, structures)| grid(&cells, dataset, structures);
    datasets.into_iter().map(grid).collect()
}

fn grid<'a>(cells: &Cells<'a>, dataset: &'a str, structures: Vec<Columns<'a>>) -> Grid<'a> {
    let table = cells.table;
    let columns: Vec<usize> = structures
        .iter()
        .flat_map(|(_, columns)| columns.iter().copied())
        .collect();
    let rows = cells.rows(&columns, |row| row.output == Output::Prediction);
    let rows = rows.into_iter().map(|at| GridRow {
        row: &table.rows[at],
        cells: columns.iter().map(|column| cells.at(at, *column)).collect(),
    });
    let human: Vec<_> = columns
        .iter()
        .map(|column| human(table, &table.columns[*column]))
        .collect();
    Grid {
        dataset,
        rows: rows.collect(),
        structures,
        human: human.iter().any(Option::is_some).then_some(human),
    }
}

fn is_shown(column: &TableColumn) -> bool {
    column.metric.starts_with("soft_dice@")
        && !matches!(column.reference, Reference::Rater(_) | Reference::Alone)
}

fn human(table: &Table, column: &TableColumn) -> Option<Human> {
    let is_its = matches!(column.reference, Reference::LeaveOneOut(_));
    let mut cells = table.human.iter().filter(|_| is_its);
    let found = cells.find(|cell| {
        cell.rater.is_none()
            && cell.dataset == column.dataset
            && cell.structure == column.structure
            && cell.metric == column.metric
    })?;
    Some((found.mean, found.sd))
}
