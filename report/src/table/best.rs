//! Which cells are the best of their columns. Nothing more is claimed of them: tests compare with the baseline alone.

use mrprism_protocol::wire::{TableCell, TableColumn, TableRow};

use super::heap::is_fusion;

/// Marks the highest and second highest mean of each soft Dice column, among predictions and among fused labels apart: a fusion has
/// seen the test case's labels. Means are compared unrounded; equal ones share.
pub(super) fn mark(cells: &mut [TableCell], rows: &[TableRow], columns: &[TableColumn]) {
    for (index, column) in columns.iter().enumerate() {
        if !column.metric.starts_with("soft_dice@") {
            continue;
        }
        for fused in [false, true] {
            let mut ranked: Vec<&mut TableCell> = cells
                .iter_mut()
                .filter(|cell| cell.column == index)
                .filter(|cell| {
                    rows.get(cell.row)
                        .is_some_and(|row| is_fusion(row.output) == fused)
                })
                .collect();
            let mut means: Vec<f64> = ranked.iter().map(|cell| cell.mean).collect();
            means.sort_by(|a, b| b.total_cmp(a));
            means.dedup_by(|a, b| a.total_cmp(b).is_eq());
            let is = |place: usize, mean: f64| {
                means
                    .get(place)
                    .is_some_and(|wanted| wanted.total_cmp(&mean).is_eq())
            };
            for cell in &mut ranked {
                cell.best = is(0, cell.mean);
                cell.second = is(1, cell.mean);
            }
        }
    }
}
