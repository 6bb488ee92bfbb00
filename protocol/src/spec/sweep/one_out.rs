//! `one_out`: `full`, then everything `without` each component in turn.

use super::{Naming, Patterns};

pub(super) fn patterns(count: usize) -> Patterns {
    let without = |out| (0..count).map(|at| at != out).collect();
    let ablated = (0..count).map(|out| (Naming::Without, without(out)));
    std::iter::once((Naming::Full, vec![true; count]))
        .chain(ablated)
        .collect()
}
