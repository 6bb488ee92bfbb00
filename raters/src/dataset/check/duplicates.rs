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
    let (mut across, mut once) = (Vec::new(), Vec::new());
    for group in groups(&seen, &nearly_equal(dataset, &seen)) {
        let names: Vec<_> = group
            .cases
            .iter()
            .map(|case| format!("{} ({})", case.name, split_of(dataset, case).as_str()))
            .collect();
        let how = match group.least {
            None => "the same pixels".to_owned(),
            Some(least) => format!("nearly the same (r {least:.3})"),
        };
        let item = format!("{}: {how}", names.join(", "));
        // Without the mean image, a few images of one organ may look nearly equal and be different.
        let sure = group.least.is_none() || seen.len() >= CASES_FOR_A_MEAN;
        let first = split_of(dataset, group.cases[0]);
        let leak = |case: &&Seen| split_of(dataset, case) != first;
        if sure && group.cases.iter().any(leak) {
            across.push(item);
        } else {
            once.push(item);
        }
    }
    let across = Finding::of(
        FindingKind::DuplicateAcrossSplits,
        "images that stand in two splits",
        "what is reported would have been seen in training: leave one out, or give both one `patient`",
        across,
    );
    let once = Finding::of(
        FindingKind::Duplicate,
        "images that stand there twice",
        "splits and folds may part them",
        once,
    );
    across.into_iter().chain(once).collect()
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

/// Cases whose images are one.
struct Group<'a> {
    /// In order of name.
    cases: Vec<&'a Seen>,
    /// The least correlation that joined two of them; nothing where all have equal pixels.
    least: Option<f32>,
}

/// Joins cases with equal pixels and pairs that are nearly equal; in order of the groups' first names.
fn groups<'a>(seen: &[&'a Seen], pairs: &[(usize, usize, f32)]) -> Vec<Group<'a>> {
    let mut group_of: Vec<usize> = (0..seen.len()).collect();
    let mut first_with = BTreeMap::new();
    for (i, case) in seen.iter().enumerate() {
        group_of[i] = *first_with.entry(*case.image_hash.as_bytes()).or_insert(i);
    }
    let mut least: BTreeMap<usize, f32> = BTreeMap::new();
    for (i, j, alike) in pairs {
        let (a, b) = (group_of[*i], group_of[*j]);
        let (kept, gone) = (a.min(b), a.max(b));
        let lower = least.remove(&gone).unwrap_or(1.0).min(*alike);
        let known = least.entry(kept).or_insert(lower);
        *known = known.min(lower);
        for group in &mut group_of {
            if *group == gone {
                *group = kept;
            }
        }
    }
    let mut members: BTreeMap<usize, Vec<&Seen>> = BTreeMap::new();
    for (case, group) in seen.iter().zip(&group_of) {
        members.entry(*group).or_default().push(case);
    }
    members
        .into_iter()
        .filter(|(_, cases)| cases.len() > 1)
        .map(|(group, cases)| Group {
            least: least.get(&group).copied(),
            cases,
        })
        .collect()
}

/// Pairs of cases of different patients whose images are nearly and not quite equal, with the lesser correlation.
fn nearly_equal(dataset: &Dataset, seen: &[&Seen]) -> Vec<(usize, usize, f32)> {
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
        (!unlike).then_some((i, j, coarse.min(fine)))
    };
    (0..count)
        .into_par_iter()
        .flat_map_iter(|i| (i + 1..count).map(move |j| (i, j)))
        .filter_map(|(i, j)| alike(i, j))
        .collect()
}
