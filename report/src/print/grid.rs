//! The table that a paper prints: methods down, references across, soft Dice.

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::wire::{Table, TableCell, TableColumn};

/// Mean over raters and their deviation.
pub(super) type Human = (f64, Option<f64>);

/// One data set's soft Dice.
pub(super) struct Grid<'a> {
    /// The data set.
    pub(super) dataset: &'a str,
    /// Structures with their columns, positions in the table's.
    pub(super) structures: Vec<(&'a str, Vec<usize>)>,
    /// Arm, recurrence, one cell a column.
    pub(super) rows: Vec<GridRow<'a>>,
    /// The human row's mean over raters for each column; leave-one-out alone has one.
    pub(super) human: Option<Vec<Option<Human>>>,
}

/// One line of it.
pub(super) struct GridRow<'a> {
    pub(super) arm: &'a str,
    pub(super) recurrence: Option<u32>,
    pub(super) cells: Vec<Option<&'a TableCell>>,
}

impl Grid<'_> {
    /// Positions of all columns in order.
    pub(super) fn columns(&self) -> impl Iterator<Item = usize> + '_ {
        self.structures
            .iter()
            .flat_map(|(_, columns)| columns.iter().copied())
    }
}

/// A grid for each data set that has soft Dice against a reference of all raters.
pub(super) fn grids(table: &Table) -> Vec<Grid<'_>> {
    let mut datasets: Vec<&str> = Vec::new();
    for column in table.columns.iter().filter(|column| is_shown(column)) {
        if !datasets.contains(&column.dataset.as_str()) {
            datasets.push(&column.dataset);
        }
    }
    datasets
        .into_iter()
        .map(|dataset| grid(table, dataset))
        .collect()
}

fn grid<'a>(table: &'a Table, dataset: &'a str) -> Grid<'a> {
    let mut structures: Vec<(&str, Vec<usize>)> = Vec::new();
    for (at, column) in table.columns.iter().enumerate() {
        if column.dataset != dataset || !is_shown(column) {
            continue;
        }
        match structures
            .iter_mut()
            .find(|(name, _)| *name == column.structure)
        {
            Some((_, columns)) => columns.push(at),
            None => structures.push((&column.structure, vec![at])),
        }
    }
    let columns: Vec<usize> = structures
        .iter()
        .flat_map(|(_, columns)| columns.clone())
        .collect();
    let rows = table.rows.iter().enumerate();
    let rows = rows.filter(|(_, row)| row.output == Output::Prediction);
    let rows = rows.map(|(at, row)| GridRow {
        arm: &row.arm,
        recurrence: row.recurrence,
        cells: columns
            .iter()
            .map(|column| {
                let mut cells = table.cells.iter();
                cells.find(|cell| (cell.row, cell.column) == (at, *column))
            })
            .collect(),
    });
    let rows: Vec<_> = rows
        .filter(|row| row.cells.iter().any(Option::is_some))
        .collect();
    let human: Vec<_> = columns
        .iter()
        .map(|column| human(table, &table.columns[*column]))
        .collect();
    Grid {
        dataset,
        structures,
        rows,
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

/// What a reference is called over a column.
pub(super) fn heading(reference: Reference) -> String {
    match reference {
        Reference::LeaveOneOut(_) => "leave-one-out".to_owned(),
        other => other.to_string(),
    }
}
