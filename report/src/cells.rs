//! A table by its places: which columns belong together, and the cell of a row and a column.

use std::collections::BTreeMap;

use mrprism_protocol::wire::{Table, TableCell, TableColumn, TableRow};

/// Cells by row and column.
pub(crate) struct Cells<'a> {
    pub(crate) table: &'a Table,
    at: BTreeMap<(usize, usize), &'a TableCell>,
}

impl<'a> Cells<'a> {
    pub(crate) fn of(table: &'a Table) -> Self {
        let at = table
            .cells
            .iter()
            .map(|cell| ((cell.row, cell.column), cell))
            .collect();
        Self { table, at }
    }

    /// Data sets and structures in the order of the columns.
    pub(crate) fn subjects(&self) -> Vec<(&'a str, &'a str)> {
        let mut subjects = Vec::new();
        for column in &self.table.columns {
            let subject = (column.dataset.as_str(), column.structure.as_str());
            if !subjects.contains(&subject) {
                subjects.push(subject);
            }
        }
        subjects
    }

    /// Columns of a data set and structure that `wanted` picks.
    pub(crate) fn columns(
        &self,
        (dataset, structure): (&str, &str),
        wanted: impl Fn(&TableColumn) -> bool,
    ) -> Vec<usize> {
        let columns = self.table.columns.iter().enumerate();
        columns
            .filter(|(_, column)| {
                column.dataset == dataset && column.structure == structure && wanted(column)
            })
            .map(|(index, _)| index)
            .collect()
    }

    /// Positions of the rows that `wanted` picks and that have a number in one of `columns`.
    pub(crate) fn rows(&self, columns: &[usize], wanted: impl Fn(&TableRow) -> bool) -> Vec<usize> {
        let rows = self.table.rows.iter().enumerate();
        rows.filter(|(_, row)| wanted(row))
            .map(|(index, _)| index)
            .filter(|row| {
                columns
                    .iter()
                    .any(|column| self.at(*row, *column).is_some())
            })
            .collect()
    }

    /// The cell of a row and a column, by their positions.
    pub(crate) fn at(&self, row: usize, column: usize) -> Option<&'a TableCell> {
        self.at.get(&(row, column)).copied()
    }
}
