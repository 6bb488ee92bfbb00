//! Images that are there twice, pixel by pixel or nearly.
//!
//! Nearly equal images are told by three correlations of small grey copies, all of which must be high: 16 × 16, 32 × 32, and
//! 16 × 16 after the data set's mean image was taken away (images of one organ resemble each other by that mean). On newborn
//! brain MRI, lung CT crops and fluorescence microscopy, different patients stay below 0.97, 0.95 and 0.94; copies that were
//! scaled to 70 %, stored as JPEG of quality 50 or given noise of 5 % of the range stay above 0.98, 0.96 and 0.97. A copy that
//! is mirrored, turned or cropped is not found.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::super::{Dataset, SplitName};
use super::finding::{Finding, FindingKind};
use super::seen::Seen;
use super::thumbnail::{correlation, normalised};

const COARSE: f32 = 0.975;
const FINE: f32 = 0.96;
const BESIDE_THE_MEAN: f32 = 0.9;
/// A mean image of fewer cases still shows the cases themselves.
const CASES_FOR_A_MEAN: usize = 10;

/// Images there twice, those in two splits apart from the others.
pub(super) fn findings(dataset: &Dataset, seen: &[Seen]) -> Vec<Finding> {
    // Blank images are all alike, and told apart.
    let seen: Vec<_> = seen.iter().filter(|case| !case.constant).collect();
    let mut across = Vec::new();
    let mut within = Vec::new();
    let mut add = |cases: &[&Seen], how: &str| {
        let names: Vec<_> = cases
            .iter()
            .map(|case| format!("{} ({})", case.name, split_of(dataset, case).as_str()))
            .collect();
        let first = split_of(dataset, cases[0]);
        let leak = cases.iter().any(|case| split_of(dataset, case) != first);
        let item = format!("{}: {how}", names.join(", "));
        if leak {
            across.push(item);
        } else {
            within.push(item);
        }
    };
    for cases in equal(&seen) {
        add(&cases, "the same pixels");
    }
    for (a, b, alike) in nearly_equal(dataset, &seen) {
        add(&[a, b], &format!("nearly the same (r {alike:.3})"));
    }
    let across = Finding::of(
        FindingKind::DuplicateAcrossSplits,
        "images that stand in two splits",
        "what is reported would have been seen in training: leave one out, or give both one `patient`",
        across,
    );
    let within = Finding::of(
        FindingKind::Duplicate,
        "images that stand twice in one split",
        "folds may part them",
        within,
    );
    across.into_iter().chain(within).collect()
}

fn split_of(dataset: &Dataset, case: &Seen) -> SplitName {
    let holds = |split: &SplitName| {
        let positions = dataset.members.positions(*split);
        positions.binary_search(&case.position).is_ok()
    };
    SplitName::ALL
        .into_iter()
        .find(holds)
        .unwrap_or(SplitName::Train)
}

/// Groups of cases with equal pixels, each group and all groups in order of name.
fn equal<'a>(seen: &[&'a Seen]) -> Vec<Vec<&'a Seen>> {
    let mut by_hash: BTreeMap<[u8; 32], Vec<&Seen>> = BTreeMap::new();
    for case in seen {
        by_hash
            .entry(*case.image_hash.as_bytes())
            .or_default()
            .push(case);
    }
    let mut groups: Vec<_> = by_hash
        .into_values()
        .filter(|cases| cases.len() > 1)
        .collect();
    groups.sort_by_key(|cases| cases[0].position);
    groups
}

/// Pairs of cases of different patients whose images are nearly and not quite equal, with their least correlation.
fn nearly_equal<'a>(dataset: &Dataset, seen: &[&'a Seen]) -> Vec<(&'a Seen, &'a Seen, f32)> {
    let count = seen.len();
    let coarse = || seen.iter().map(|case| &case.thumbnail.coarse);
    let mean: Vec<f32> = (0..coarse().next().map_or(0, Vec::len))
        .map(|i| coarse().map(|values| values[i]).sum::<f32>() / count as f32)
        .collect();
    let beside_mean = |values: &Vec<f32>| {
        let rest: Vec<f32> = values.iter().zip(&mean).map(|(v, m)| v - m).collect();
        normalised(&rest)
    };
    let plain: Vec<_> = coarse().map(|values| normalised(values)).collect();
    let rest: Vec<_> = coarse().map(beside_mean).collect();
    let fine: Vec<_> = seen
        .iter()
        .map(|case| normalised(&case.thumbnail.fine))
        .collect();
    let patient = |case: &Seen| &dataset.cases[case.position].1;
    let alike = |i: usize, j: usize| {
        let coarse = correlation(&plain[i], &plain[j]);
        if coarse < COARSE || patient(seen[i]) == patient(seen[j]) {
            return None;
        }
        let fine = correlation(&fine[i], &fine[j]);
        let unlike = fine < FINE
            || seen[i].image_hash == seen[j].image_hash
            || (count >= CASES_FOR_A_MEAN && correlation(&rest[i], &rest[j]) < BESIDE_THE_MEAN);
        (!unlike).then_some((seen[i], seen[j], coarse.min(fine)))
    };
    (0..count)
        .into_par_iter()
        .flat_map_iter(|i| (i + 1..count).map(move |j| (i, j)))
        .filter_map(|(i, j)| alike(i, j))
        .collect()
}
