//! Where a method stands among the raters: below, within or above what they reach against the same reference.

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::wire::{HumanCell, HumanRange, TableCell, TableColumn, TableRow};

/// Marks predictions' cells against leave-one-out references, where each rater was scored against them too.
pub(super) fn mark(
    cells: &mut [TableCell],
    rows: &[TableRow],
    columns: &[TableColumn],
    human: &[HumanCell],
) {
    for cell in cells {
        let (row, column) = (&rows[cell.row], &columns[cell.column]);
        let is_compared = row.output == Output::Prediction
            && matches!(column.reference, Reference::LeaveOneOut(_));
        if is_compared {
            cell.human_range = range(human, column).map(|ends| place(cell.mean, ends));
        }
    }
}

/// The lowest and the highest rater's mean; raters whose slots mean nothing have none.
fn range(human: &[HumanCell], column: &TableColumn) -> Option<(f64, f64)> {
    let raters = human.iter().filter(|cell| {
        cell.rater.is_some()
            && cell.dataset == column.dataset
            && cell.structure == column.structure
            && cell.metric == column.metric
    });
    let means = raters.map(|cell| cell.mean);
    means.fold(None, |range, mean| {
        let (low, high) = range.unwrap_or((mean, mean));
        Some((mean.min(low), mean.max(high)))
    })
}

fn place(mean: f64, (low, high): (f64, f64)) -> HumanRange {
    if mean < low {
        HumanRange::Below
    } else if mean > high {
        HumanRange::Above
    } else {
        HumanRange::Within
    }
}
