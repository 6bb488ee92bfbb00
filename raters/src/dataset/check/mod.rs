//! Looking a data set over: what it holds, how its raters agree, and what is wrong with it.

mod content;
mod duplicates;
mod equal;
mod finding;
mod odd_areas;
mod patients;
mod print;
mod robust;
mod seen;
mod structure;
mod swapped;
mod thumbnail;

use std::collections::{BTreeMap, BTreeSet};

use mrprism_protocol::spec::{DatasetCard, RaterIdentity};
use rayon::prelude::*;
use serde::Serialize;

use super::{Dataset, SplitName};

pub use finding::{Finding, FindingKind};
pub use structure::{AreaBias, PairAgreement, StructureReport, Summary};

use seen::Seen;

/// What `mrprism data check` tells. Sizes in pixels, shares as fractions, raters counted from 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckReport {
    /// Name, manifest, counts.
    pub card: DatasetCard,
    /// The raters' names as the files spell them.
    pub rater_names: Vec<String>,
    /// How many patients the cases show; as many as cases where nothing is known of patients.
    pub patients: u32,
    /// How many cases have each size, as `width x height`.
    pub sizes: BTreeMap<String, u32>,
    /// How many cases each rater marked.
    pub present: Vec<u32>,
    /// One entry a structure.
    pub structures: Vec<StructureReport>,
    /// What must be mended before the data set can be used.
    pub faults: Vec<Finding>,
    /// What a person should look at.
    pub warnings: Vec<Finding>,
}

impl CheckReport {
    /// Whether the data set can be used.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Decodes every case once, at its own size, and reports. A fault of one case does not hide the others.
pub fn check(dataset: &Dataset) -> CheckReport {
    let looked_at: Vec<_> = (0..dataset.cases.len())
        .into_par_iter()
        .map(|position| {
            let case = dataset.native_case(position);
            case.map(|case| Seen::new(position, &case, dataset))
        })
        .collect();
    let mut unreadable = Vec::new();
    let mut seen = Vec::new();
    for result in looked_at {
        match result {
            Ok(case) => seen.push(case),
            Err(error) => unreadable.push(error.to_string()),
        }
    }
    let mut sizes = BTreeMap::new();
    for case in &seen {
        *sizes.entry(case.size.clone()).or_insert(0) += 1;
    }
    let marked = |rater: usize| seen.iter().filter(|case| case.present[rater]).count() as u32;
    let patients: BTreeSet<_> = dataset.cases.iter().map(|(_, patient)| patient).collect();
    let (faults, warnings) = findings(dataset, &seen, unreadable)
        .into_iter()
        .partition(|finding| finding.kind.is_fault());
    CheckReport {
        card: dataset.card(),
        rater_names: dataset.raters.clone(),
        patients: patients.len() as u32,
        sizes,
        present: (0..dataset.raters.len()).map(marked).collect(),
        structures: (0..dataset.definition.structures.len())
            .map(|k| structure::report(dataset, k, &seen))
            .collect(),
        faults,
        warnings,
    }
}

/// Everything that is wrong or odd, the gravest first.
fn findings(dataset: &Dataset, seen: &[Seen], unreadable: Vec<String>) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(Finding::of(
        FindingKind::Unreadable,
        "cases that cannot be read",
        "",
        unreadable,
    ));
    found.extend(duplicates::findings(dataset, seen));
    found.extend(patients::finding(dataset));
    found.extend(equal::equal_masks(dataset, seen));
    if dataset.definition.raters == RaterIdentity::Stable {
        found.extend(swapped::swapped(dataset, seen));
        found.extend(odd_areas::odd_areas(dataset, seen));
    }
    found.extend(content::findings(dataset, seen));
    if dataset.members.positions(SplitName::Validation).is_empty() {
        let what = "no case is left for validation: nothing can choose among a network's states";
        found.push(Finding::alone(FindingKind::NoValidation, what));
    }
    found
}
