//! Looking a data set over: what it holds, how its raters agree, and what is wrong with it.

use std::collections::BTreeMap;

use mrprism_protocol::spec::DatasetCard;
use rayon::prelude::*;
use serde::Serialize;

use super::{Dataset, SplitName};
use crate::case::Case;
use crate::metric::pairwise_dice;

/// What `mrprism data check` tells. Sizes in pixels, shares as fractions, raters counted from 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckReport {
    /// Name, manifest, counts.
    pub card: DatasetCard,
    /// The raters' names as the files spell them.
    pub rater_names: Vec<String>,
    /// How many cases have each size, as `width x height`.
    pub sizes: BTreeMap<String, u32>,
    /// How many cases each rater marked.
    pub present: Vec<u32>,
    /// One entry a structure.
    pub structures: Vec<StructureReport>,
    /// What must be mended before the data set can be used.
    pub faults: Vec<String>,
    /// What a person should look at.
    pub warnings: Vec<String>,
}

impl CheckReport {
    /// Whether the data set can be used.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

/// One structure's masks over all cases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StructureReport {
    /// The structure.
    pub name: String,
    /// Dice over all pairs of present raters and all cases; none where no case has two raters.
    pub pairwise_dice: Option<Summary>,
    /// One entry a rater.
    pub areas: Vec<AreaBias>,
    /// Masks of present raters without a marked pixel.
    pub empty_masks: u32,
}

/// Mean, standard deviation (n − 1; 0 for one value), least value and count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// Least value.
    pub min: f64,
    /// How many values.
    pub count: u32,
}

impl Summary {
    /// Of some values; none of nothing.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (count > 0).then(|| Self {
            mean,
            sd: (squares / (count.max(2) - 1) as f64).sqrt(),
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            count: count as u32,
        })
    }
}

/// How large one rater draws one structure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AreaBias {
    /// The rater's area divided by the mean area of the case's raters, averaged over the cases where that mean is not 0.
    pub mean_relative_area: Option<f64>,
    /// Cases in which no rater's mask is larger.
    pub largest_in: u32,
    /// Cases in which no rater's mask is smaller.
    pub smallest_in: u32,
}

/// Decodes every case once, at its own size, and reports. A fault of one case does not hide the others.
pub fn check(dataset: &Dataset) -> CheckReport {
    let looked_at: Vec<_> = (0..dataset.cases.len())
        .into_par_iter()
        .map(|position| {
            dataset
                .native_case(position)
                .map(|case| Seen::new(&case, dataset))
        })
        .collect();
    let mut faults = Vec::new();
    let mut seen = Vec::new();
    for result in looked_at {
        match result {
            Ok(case) => seen.push(case),
            Err(error) => faults.push(error.to_string()),
        }
    }
    let mut sizes = BTreeMap::new();
    for case in &seen {
        *sizes.entry(case.size.clone()).or_insert(0) += 1;
    }
    let raters = dataset.raters.len();
    let marked = |rater: usize| seen.iter().filter(|case| case.present[rater]).count() as u32;
    let mut report = CheckReport {
        card: dataset.card(),
        rater_names: dataset.raters.clone(),
        sizes,
        present: (0..raters).map(marked).collect(),
        structures: (0..dataset.definition.structures.len())
            .map(|k| structure_report(dataset, k, &seen))
            .collect(),
        faults,
        warnings: Vec::new(),
    };
    report.warnings = warnings(dataset, &report, &seen);
    report
}

/// What is kept of a decoded case.
struct Seen {
    name: String,
    size: String,
    present: Vec<bool>,
    /// `[structure]`: Dice of each pair.
    pairs: Vec<Vec<f64>>,
    /// `[structure][rater]`: marked pixels, none where absent.
    areas: Vec<Vec<Option<u64>>>,
    /// Raters with a pixel of an inner structure outside the next outer one.
    not_nested: u32,
}

impl Seen {
    fn new(case: &Case, dataset: &Dataset) -> Self {
        let structures = 0..case.structures();
        let (height, width) = case.side();
        let area = |k: usize, m: usize| {
            let marked = case.mask(m, k).iter().map(|pixel| u64::from(*pixel)).sum();
            case.present[m].then_some(marked)
        };
        Self {
            name: case.name.clone(),
            size: format!("{width} x {height}"),
            present: case.present.clone(),
            pairs: structures
                .clone()
                .map(|k| {
                    pairwise_dice(case, k)
                        .into_iter()
                        .map(|(_, _, dice)| dice)
                        .collect()
                })
                .collect(),
            areas: structures
                .map(|k| (0..case.raters()).map(|m| area(k, m)).collect())
                .collect(),
            not_nested: not_nested(case, dataset),
        }
    }
}

fn not_nested(case: &Case, dataset: &Dataset) -> u32 {
    let position = |name: &String| dataset.definition.structures.iter().position(|s| s == name);
    let nested: Vec<_> = dataset
        .definition
        .nested
        .iter()
        .filter_map(position)
        .collect();
    let leaves = |rater: usize| {
        nested.windows(2).any(|pair| {
            let (outer, inner) = (case.mask(rater, pair[0]), case.mask(rater, pair[1]));
            outer.iter().zip(inner).any(|(outer, inner)| inner > outer)
        })
    };
    case.present_raters().filter(|rater| leaves(*rater)).count() as u32
}

fn structure_report(dataset: &Dataset, k: usize, seen: &[Seen]) -> StructureReport {
    let pairs: Vec<f64> = seen
        .iter()
        .flat_map(|case| case.pairs[k].iter().copied())
        .collect();
    let areas = || seen.iter().map(|case| &case.areas[k]);
    let empty = areas().flatten().filter(|area| **area == Some(0)).count();
    StructureReport {
        name: dataset.definition.structures[k].clone(),
        pairwise_dice: Summary::of(&pairs),
        areas: (0..dataset.raters.len())
            .map(|rater| area_bias(rater, areas()))
            .collect(),
        empty_masks: empty as u32,
    }
}

fn area_bias<'a>(rater: usize, cases: impl Iterator<Item = &'a Vec<Option<u64>>>) -> AreaBias {
    let mut relative = Vec::new();
    let (mut largest_in, mut smallest_in) = (0, 0);
    for areas in cases {
        let Some(own) = areas[rater] else { continue };
        let present: Vec<u64> = areas.iter().flatten().copied().collect();
        let mean = present.iter().sum::<u64>() as f64 / present.len() as f64;
        if mean > 0.0 {
            relative.push(own as f64 / mean);
            largest_in += u32::from(present.iter().all(|other| *other <= own));
            smallest_in += u32::from(present.iter().all(|other| *other >= own));
        }
    }
    AreaBias {
        mean_relative_area: Summary::of(&relative).map(|summary| summary.mean),
        largest_in,
        smallest_in,
    }
}

fn warnings(dataset: &Dataset, report: &CheckReport, seen: &[Seen]) -> Vec<String> {
    let mut warnings = Vec::new();
    for structure in &report.structures {
        if structure.empty_masks > 0 {
            warnings.push(format!(
                "{} masks of '{}' are empty",
                structure.empty_masks, structure.name
            ));
        }
    }
    let absent: Vec<_> = seen
        .iter()
        .filter(|case| case.present.contains(&false))
        .collect();
    if let Some(first) = absent.first() {
        warnings.push(format!(
            "{} cases lack a rater (first: '{}'): absent raters leave means and losses",
            absent.len(),
            first.name
        ));
    }
    let nested: u32 = seen.iter().map(|case| case.not_nested).sum();
    if nested > 0 {
        warnings.push(format!(
            "{nested} times a rater's inner structure leaves the outer one"
        ));
    }
    warnings.extend(duplicates(dataset));
    if report.card.cases.get(SplitName::Validation.as_str()) == Some(&0) {
        warnings.push(
            "no case is left for validation: nothing can choose among a network's states"
                .to_owned(),
        );
    }
    warnings
}

/// Images with the same bytes, and whether they lie in different splits.
fn duplicates(dataset: &Dataset) -> Vec<String> {
    let mut by_hash: BTreeMap<&String, Vec<usize>> = BTreeMap::new();
    for (position, hash) in dataset.image_hashes.iter().enumerate() {
        by_hash.entry(hash).or_default().push(position);
    }
    let split_of = |position: &usize| {
        SplitName::ALL.into_iter().find(|split| {
            dataset
                .members
                .positions(*split)
                .binary_search(position)
                .is_ok()
        })
    };
    let sentence = |positions: &Vec<usize>| {
        let names: Vec<_> = positions
            .iter()
            .map(|p| dataset.cases[*p].0.as_str())
            .collect();
        let leak = positions
            .iter()
            .any(|p| split_of(p) != split_of(&positions[0]));
        let leak = if leak {
            ", and they lie in different splits"
        } else {
            ""
        };
        format!("the images of {} are the same file{leak}", names.join(", "))
    };
    by_hash
        .values()
        .filter(|positions| positions.len() > 1)
        .map(sentence)
        .collect()
}
