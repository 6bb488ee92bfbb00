//! Raters whose masks are equal: a folder that was copied, or cases that one took from the other.

use std::collections::BTreeMap;

use super::super::Dataset;
use super::finding::{Finding, FindingKind};
use super::seen::Seen;

/// Masks of two raters that are equal in every one of so many cases are a copy.
const CASES_FOR_A_COPY: usize = 3;

/// Pairs of raters with equal, not empty masks: in every case that both marked, or in some.
pub(super) fn equal_masks(dataset: &Dataset, seen: &[Seen]) -> Vec<Finding> {
    let mut by_pair: BTreeMap<(usize, usize), Vec<&str>> = BTreeMap::new();
    for case in seen {
        for pair in &case.equal {
            by_pair.entry(*pair).or_default().push(&case.name);
        }
    }
    let (mut copied, mut equal) = (Vec::new(), Vec::new());
    for ((a, b), cases) in by_pair {
        let both = seen
            .iter()
            .filter(|case| case.present[a] && case.present[b]);
        let both = both.count();
        let pair = format!("raters {} and {}", dataset.raters[a], dataset.raters[b]);
        if cases.len() == both && both >= CASES_FOR_A_COPY {
            copied.push(format!("{pair}: all {both} cases"));
        } else {
            let names = cases.join(", ");
            equal.push(format!("{pair}: {} of {both} cases, {names}", cases.len()));
        }
    }
    let copied = Finding::of(
        FindingKind::CopiedRater,
        "pairs of raters with the same masks in every case",
        "one folder is a copy of the other: remove it",
        copied,
    );
    let equal = Finding::of(
        FindingKind::EqualMasks,
        "pairs of raters with the same masks in some cases",
        "",
        equal,
    );
    copied.into_iter().chain(equal).collect()
}
