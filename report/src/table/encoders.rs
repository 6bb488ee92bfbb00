//! What each arm's encoder began as: a number of imported weights is not one of random weights.

use mrprism_protocol::wire::{TableArm, TableCell, TableRow};

use crate::run::RunFacts;

/// Every arm with its encoder's weights, in the experiment's order. An arm's runs share a specification, so the first one tells.
pub(super) fn arms(runs: &[RunFacts]) -> Vec<TableArm> {
    let mut arms: Vec<TableArm> = Vec::new();
    for run in runs {
        if !arms.iter().any(|known| known.arm == run.arm) {
            arms.push(TableArm {
                arm: run.arm.clone(),
                encoder: run.spec.method.encoder().encoder_weights.short(),
            });
        }
    }
    arms
}

/// Whether two arms' encoders began differently.
fn differ(arms: &[TableArm]) -> bool {
    arms.windows(2)
        .any(|pair| pair[0].encoder != pair[1].encoder)
}

/// Flags every cell with its arm's encoder where the arms' encoders differ.
pub(super) fn flag(cells: &mut [TableCell], rows: &[TableRow], arms: &[TableArm]) {
    if !differ(arms) {
        return;
    }
    for cell in cells {
        let row = rows.get(cell.row);
        let arm = row.and_then(|row| arms.iter().find(|known| known.arm == row.arm));
        if let Some(arm) = arm {
            cell.flags.push(format!("encoder: {}", arm.encoder));
        }
    }
}

/// The one encoder of all arms, in a sentence; where they differ, flags say it.
pub(super) fn note(arms: &[TableArm]) -> Option<String> {
    let first = arms.first().filter(|_| !differ(arms))?;
    let meaning = if first.encoder == "random" {
        "no imported weights"
    } else {
        "imported weights"
    };
    Some(format!(
        "encoder: {} in every arm ({meaning}).",
        first.encoder
    ))
}
