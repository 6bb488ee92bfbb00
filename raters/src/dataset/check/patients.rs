//! Cases whose names look like one patient's although nothing says so.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Dataset, SplitName};
use super::finding::{Finding, FindingKind};

/// Where `patient` is not given: names that differ only behind their last separator, and lie in two splits.
///
/// `P07_slice3` and `P07_slice4` share the beginning `P07`. Beginnings that nearly every name has (`img_1`, `img_2`) are no
/// patients: at least three beginnings must be there, and at least half of the cases must share theirs with another.
pub(super) fn finding(dataset: &Dataset) -> Option<Finding> {
    if dataset.definition.patient.is_some() {
        return None;
    }
    let mut beginnings: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut cases = BTreeMap::<&str, usize>::new();
    for split in SplitName::ALL {
        for position in dataset.members.positions(split) {
            let beginning = beginning(&dataset.cases[*position].0)?;
            beginnings
                .entry(beginning)
                .or_default()
                .insert(split.as_str());
            *cases.entry(beginning).or_default() += 1;
        }
    }
    let shared: usize = cases.values().filter(|count| **count > 1).sum();
    if beginnings.len() < 3 || 2 * shared < dataset.cases.len() {
        return None;
    }
    let items = beginnings
        .into_iter()
        .filter(|(_, splits)| splits.len() > 1)
        .map(|(beginning, splits)| {
            let splits: Vec<_> = splits.into_iter().collect();
            format!("{beginning}… ({})", splits.join(", "))
        });
    Finding::of(
        FindingKind::PatientInTwoSplits,
        "beginnings of case names that lie in two splits",
        "if each is a patient, say so, e.g. patient = '^(?P<patient>.+)[-_. ]'",
        items.collect(),
    )
}

/// What stands before the last separator; nothing where there is none.
fn beginning(name: &str) -> Option<&str> {
    let at = name.rfind(['-', '_', '.', ' ', '/'])?;
    (at > 0).then(|| &name[..at])
}
