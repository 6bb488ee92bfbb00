//! `factorial`: every combination of components, off before on, the last of the list varying fastest: `none`, `b`, `a`, `a + b`.

use super::{Naming, Patterns, SweepFault};

/// Ten components make 1,024 arms.
const MOST: usize = 10;

/// Refuses what would make more arms than anybody runs.
pub(super) fn check(count: usize) -> Result<(), SweepFault> {
    if count <= MOST {
        return Ok(());
    }
    let message = format!(
        "{count} components have 2^{count} combinations: at most {MOST} are crossed; `one_out`, `one_in` and `cumulative` take more"
    );
    Err(SweepFault::new(["sweep", "factorial"], message))
}

pub(super) fn patterns(count: usize) -> Patterns {
    let on = |number: usize| (0..count).rev().map(|bit| number >> bit & 1 == 1).collect();
    (0..1 << count)
        .map(|number| (Naming::Sum, on(number)))
        .collect()
}
