//! Every comparability flag: what may not stand beside each other without a word.

use mrprism_protocol::spec::{CropOrigin, RaterIdentity, Reference};
use mrprism_protocol::wire::Table;
use mrprism_report::Results;
use mrprism_report::table::build;

use crate::study::{Scoring, dice, results};

/// Two arms that were scored alike; the baseline is `one`.
fn alike() -> Results {
    let mut results = results(1, "");
    results.baseline = Some("one".to_owned());
    for run in 0..2 {
        for case in ["a", "b"] {
            results.score(run, [dice(case, Reference::Mean, 0.5)]);
        }
    }
    results
}

/// The flags of arm `three`; arm `one`, which it is measured by, has none.
fn flags(results: &Results) -> Vec<String> {
    let table = build(results);
    let of = |arm: &str| {
        let cells = table.cells.iter();
        let found: Vec<_> = cells
            .filter(|cell| table.rows[cell.row].arm == arm)
            .flat_map(|cell| cell.flags.clone())
            .collect();
        found
    };
    assert!(of("one").is_empty(), "{:?}", of("one"));
    of("three")
}

fn all_flags(table: &Table) -> Vec<&str> {
    let flags = table.cells.iter().flat_map(|cell| &cell.flags);
    flags.map(String::as_str).collect()
}

#[test]
fn what_is_alike_has_no_flag() {
    assert!(flags(&alike()).is_empty());
}

#[test]
fn another_split_is_flagged() {
    let mut results = alike();
    results.score(1, [dice("c", Reference::Mean, 0.5)]);
    assert_eq!(
        flags(&results),
        ["split: 1 test cases that one has not, 0 of one's are lacking"]
    );
}

#[test]
fn another_rater_set_is_flagged() {
    let mut results = alike();
    results.runs[1].spec.dataset.raters = 2;
    assert_eq!(
        flags(&results),
        ["rater set: 2 stable raters, one 3 stable"]
    );
    let mut results = alike();
    results.runs[1].spec.dataset.rater_identity = RaterIdentity::Exchangeable;
    assert_eq!(
        flags(&results),
        ["rater set: 3 exchangeable raters, one 3 stable"]
    );
}

#[test]
fn other_data_and_other_preprocessing_are_flagged() {
    let mut results = alike();
    results.runs[1].spec.dataset.manifest = "other".to_owned();
    assert_eq!(
        flags(&results),
        ["data: other files or definition than one's"]
    );
    let mut results = alike();
    results.runs[1].spec.size = 128;
    assert_eq!(
        flags(&results),
        ["preprocessing: 128×128 pixels, one 64×64"]
    );
}

#[test]
fn a_reference_that_some_arms_lack_is_flagged() {
    let mut results = alike();
    results.score(1, [dice("a", Reference::Staple, 0.5)]);
    results.score(1, [dice("b", Reference::Staple, 0.5)]);
    assert_eq!(
        flags(&results),
        ["reference: 1 of 2 arms are scored against it"]
    );
}

#[test]
fn two_versions_of_a_metric_are_flagged() {
    let mut results = alike();
    for case in ["a", "b"] {
        let mut score = dice(case, Reference::Mean, 0.5);
        score.metric = "soft_dice@2".to_owned();
        results.score(0, [score.clone()]);
        results.score(1, [score]);
    }
    let table = build(&results);
    let flags = all_flags(&table);
    assert_eq!(flags.len(), 4);
    assert!(flags.contains(&"metric: soft_dice@1 beside another version"));
    assert!(flags.contains(&"metric: soft_dice@2 beside another version"));
}

#[test]
fn a_crop_that_knows_the_test_masks_is_flagged_everywhere() {
    let mut results = alike();
    for run in &mut results.runs {
        run.spec.dataset.crop = Some(CropOrigin::Oracle);
    }
    assert_eq!(all_flags(&build(&results)), ["crop: oracle"; 2]);
    for run in &mut results.runs {
        run.spec.dataset.crop = Some(CropOrigin::Fixed);
    }
    assert!(all_flags(&build(&results)).is_empty());
    results.runs[1].spec.dataset.crop = None;
    assert_eq!(flags(&results), ["crop: another than one's"]);
}

#[test]
fn other_steps_are_flagged() {
    let mut results = alike();
    results.runs[1].spec.train.steps = Some(77);
    results.runs[1].spec.train.epochs = None;
    let flags = flags(&results);
    assert!(flags[0].starts_with("steps: 77 steps, one "), "{flags:?}");
}

#[test]
fn another_science_version_is_flagged() {
    let mut results = alike();
    results.runs[1].science_version = "s2".to_owned();
    assert_eq!(
        flags(&results),
        ["code: another science version than one's"]
    );
}

#[test]
fn without_a_baseline_the_first_arm_is_the_measure() {
    let mut results = alike();
    results.baseline = None;
    results.runs[1].spec.size = 128;
    assert_eq!(
        flags(&results),
        ["preprocessing: 128×128 pixels, one 64×64"]
    );
}

#[test]
fn what_arms_differ_in_is_listed_by_key() {
    let table = build(&alike());
    let keys: Vec<_> = table
        .factors
        .iter()
        .map(|factor| (factor.key.as_str(), factor.values.clone()))
        .collect();
    assert_eq!(
        keys,
        [("network.recurrences", vec!["1".to_owned(), "3".to_owned()])]
    );
}
