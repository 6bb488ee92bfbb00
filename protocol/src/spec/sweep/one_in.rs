//! `one_in`: `none`, then `only` each component in turn.

use super::{Naming, Patterns};

pub(super) fn patterns(count: usize) -> Patterns {
    let only = |on| (0..count).map(|at| at == on).collect();
    let single = (0..count).map(|on| (Naming::Only, only(on)));
    std::iter::once((Naming::Sum, vec![false; count]))
        .chain(single)
        .collect()
}
