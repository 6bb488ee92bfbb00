//! `cumulative`: `none`, then one more component at a time, in the order of the list.

use super::{Naming, Patterns};

pub(super) fn patterns(count: usize) -> Patterns {
    let first = |on| (0..count).map(|at| at < on).collect();
    (0..=count).map(|on| (Naming::Sum, first(on))).collect()
}
