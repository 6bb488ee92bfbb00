//! Findings in single cases: empty and inverted masks, absent raters, structures that leave each other, blank images.

use super::super::Dataset;
use super::finding::{Finding, FindingKind};
use super::seen::Seen;

/// Each kind at most once, with every case it was found in.
pub(super) fn findings(dataset: &Dataset, seen: &[Seen]) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(inverted(dataset, seen));
    let blank = seen.iter().filter(|case| case.constant);
    found.extend(Finding::of(
        FindingKind::ConstantImage,
        "images with one value everywhere",
        "",
        blank.map(|case| case.name.clone()).collect(),
    ));
    found.extend(empty_masks(dataset, seen));
    found.extend(absent_raters(dataset, seen));
    let not_nested = seen.iter().flat_map(|case| {
        let raters = case.not_nested.iter();
        raters.map(|rater| format!("{} rater {}", case.name, dataset.raters[*rater]))
    });
    found.extend(Finding::of(
        FindingKind::NotNested,
        "inner structures that leave the outer one",
        "",
        not_nested.collect(),
    ));
    found
}

/// A structure that fills all four corners of at least half of its masks is most likely the background.
fn inverted(dataset: &Dataset, seen: &[Seen]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (k, structure) in dataset.definition.structures.iter().enumerate() {
        let full: u32 = seen.iter().map(|case| case.full_corners[k]).sum();
        let masks: u32 = seen
            .iter()
            .map(|case| case.areas[k].iter().flatten().count() as u32)
            .sum();
        if full > 0 && 2 * full >= masks {
            found.push(Finding::alone(
                FindingKind::InvertedMasks,
                format!(
                    "{full} of {masks} masks of '{structure}' mark all four corners of the image: is `foreground` the wrong way round?"
                ),
            ));
        }
    }
    found
}

fn empty_masks(dataset: &Dataset, seen: &[Seen]) -> Vec<Finding> {
    let structures = dataset.definition.structures.iter().enumerate();
    let of_structure = |(k, structure): (usize, &String)| {
        let mut items = Vec::new();
        for case in seen {
            let areas = case.areas[k].iter().zip(&dataset.raters);
            let empty = areas.filter(|(area, _)| **area == Some(0));
            items.extend(empty.map(|(_, rater)| format!("{} rater {rater}", case.name)));
        }
        let what = format!("empty masks of '{structure}'");
        Finding::of(FindingKind::EmptyMasks, &what, "", items)
    };
    structures.filter_map(of_structure).collect()
}

fn absent_raters(dataset: &Dataset, seen: &[Seen]) -> Option<Finding> {
    let mut items = Vec::new();
    for case in seen {
        let absent: Vec<_> = case
            .present
            .iter()
            .zip(&dataset.raters)
            .filter(|(present, _)| !**present)
            .map(|(_, rater)| rater.as_str())
            .collect();
        if !absent.is_empty() {
            items.push(format!("{} (rater {})", case.name, absent.join(", ")));
        }
    }
    Finding::of(
        FindingKind::AbsentRaters,
        "cases without some rater",
        "absent raters leave means and losses",
        items,
    )
}
