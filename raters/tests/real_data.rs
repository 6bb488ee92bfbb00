//! Real data, where this machine has them: the numbers that their own description states.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

mod support;

use std::path::Path;

use mrprism_protocol::spec::{ArbitratedKind, DatasetForm};
use mrprism_raters::dataset::{Dataset, FindingKind, SplitName, check};
use support::{built_in, definition, real_data};

#[test]
fn brain_growth_is_what_its_description_says() {
    let Some(folder) = real_data(
        "brain_growth_is_what_its_description_says",
        "qubiq/brain-growth",
    ) else {
        return;
    };
    let dataset = Dataset::open(&built_in("qubiq-brain-growth"), Some(&folder)).unwrap();
    let card = dataset.card();
    assert_eq!((card.raters, card.channels, card.arbitrated), (7, 1, None));
    let counts = ["train", "validation", "test"].map(|split| card.cases[split]);
    assert_eq!(counts, [29, 5, 5]);
    let report = check(&dataset);
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.sizes["128 x 128"], 39);
    assert_eq!(report.present, [39; 7]);
    let growth = &report.structures[0];
    let dice = growth.pairwise_dice.unwrap();
    assert_eq!(dice.count, 39 * 21);
    assert!((dice.mean - 0.856).abs() < 0.002, "{dice:?}");
    assert!((dice.sd - 0.038).abs() < 0.002, "{dice:?}");
    assert!((dice.min - 0.678).abs() < 0.002, "{dice:?}");
    assert_eq!(growth.areas[6].largest_in, 24, "{report}");
    let smallest = growth.areas[2].smallest_in + growth.areas[3].smallest_in;
    assert_eq!(smallest, 32, "{report}");
    assert_eq!(growth.pairs.len(), 21);
    // No two masks are equal, no image is there twice, nobody looks exchanged.
    assert_eq!(report.warnings, [], "{report}");
}

#[test]
fn brain_growth_decodes_into_its_splits_and_folds() {
    let Some(folder) = real_data(
        "brain_growth_decodes_into_its_splits_and_folds",
        "qubiq/brain-growth",
    ) else {
        return;
    };
    let dataset = Dataset::open(&built_in("qubiq-brain-growth"), Some(&folder)).unwrap();
    let splits = dataset.splits(64, None).unwrap();
    let names = |cases: &[mrprism_raters::case::Case]| {
        cases
            .iter()
            .map(|case| case.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&splits.test),
        ["case35", "case36", "case37", "case38", "case39"]
    );
    assert_eq!(names(&splits.validation)[0], "case30");
    for case in splits
        .train
        .iter()
        .chain(&splits.validation)
        .chain(&splits.test)
    {
        assert_eq!(case.image.dim(), (1, 64, 64));
        assert_eq!(case.masks.dim(), (7, 1, 64, 64));
        let greatest = case.image.iter().copied().fold(0.0, f32::max);
        assert!((0.5..=1.0).contains(&greatest), "{greatest}");
    }
    let mut tested = Vec::new();
    for fold in 0..5 {
        tested.extend(names(
            &dataset.load(SplitName::Test, 32, Some(fold)).unwrap(),
        ));
    }
    tested.sort();
    assert_eq!(tested.len(), 39);
    assert_eq!(tested, dataset.case_names().collect::<Vec<_>>());
}

const CFOS: &str = r#"
    name = "cfos"
    image = "images/{case}.png"
    masks = "labels/expert_{rater}/{case}_cFOS.png"
    arbitrated = "labels/est_GT/{case}_cFOS.png"
    arbitrated_kind = "staple"
    structures = ["nucleus"]
    raters = "stable"
    foreground = { above = 127 }
    intensity = "minmax"
    split = { test = ["0092", "0089", "0077"] }
"#;

#[test]
fn cfos_is_what_its_description_says() {
    let Some(folder) = real_data("cfos_is_what_its_description_says", "cfos") else {
        return;
    };
    let dataset = Dataset::open(&definition(CFOS), Some(&folder)).unwrap();
    assert_eq!(dataset.rater_names(), ["1", "2", "3", "4", "5"]);
    let report = check(&dataset);
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.card.arbitrated, Some(ArbitratedKind::Staple));
    assert_eq!(report.sizes["1024 x 1024"], 36);
    assert_eq!(report.present, [36; 5]);
    let dice = report.structures[0].pairwise_dice.unwrap();
    assert_eq!(dice.count, 36 * 10);
    assert!((dice.mean - 0.588).abs() < 0.001, "{dice:?}");
    let kinds: Vec<_> = report.warnings.iter().map(|warning| warning.kind).collect();
    assert_eq!(kinds, [FindingKind::NoValidation], "{report}");
    let cases = dataset.load(SplitName::Test, 256, None).unwrap();
    assert!(cases.iter().all(|case| {
        let arbitrated = case.arbitrated.as_ref();
        arbitrated.is_some_and(|mask| mask.iter().any(|pixel| *pixel == 1))
    }));
}

#[test]
fn exchanged_folders_of_two_experts_are_found() {
    let Some(folder) = real_data("exchanged_folders_of_two_experts_are_found", "cfos") else {
        return;
    };
    let root = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str| {
        let to = root.path().join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(folder.join(from), to).unwrap();
    };
    let names = names_in(&folder.join("images"));
    for (position, image) in names.iter().enumerate() {
        copy(&format!("images/{image}"), &format!("images/{image}"));
        let mask = image.replace(".png", "_cFOS.png");
        for expert in 1..=5 {
            let exchanged = [3, 2, 1, 4, 5][expert - 1];
            let from = if (10..16).contains(&position) {
                exchanged
            } else {
                expert
            };
            copy(
                &format!("labels/expert_{from}/{mask}"),
                &format!("labels/expert_{expert}/{mask}"),
            );
        }
    }
    let mut definition = definition(CFOS);
    definition.arbitrated = None;
    definition.arbitrated_kind = None;
    let dataset = Dataset::open(&definition, Some(root.path())).unwrap();
    let report = check(&dataset);
    let found = |kind| report.warnings.iter().find(move |w| w.kind == kind);
    let swapped = found(FindingKind::SwappedRaters).unwrap();
    let case = |position: usize| names[position].trim_end_matches(".png");
    let expected = format!("raters 1 and 3 in {} to {} (6 cases)", case(10), case(15));
    assert_eq!(swapped.items, [expected], "{report}");
}

#[test]
fn lidc_is_what_its_description_says() {
    let test = "lidc_is_what_its_description_says";
    let Some(folder) = real_data(test, "lidc") else {
        return;
    };
    let drafted = mrprism_raters::dataset::draft(&folder);
    if "lidc".parse::<DatasetForm>().is_err() {
        let said = drafted.unwrap_err().to_string();
        assert!(said.contains("published set 'lidc'"), "{said}");
        return;
    }
    let dataset = Dataset::open(&definition(&drafted.unwrap().text), Some(&folder)).unwrap();
    let report = check(&dataset);
    assert_eq!((dataset.case_names().len(), report.patients), (1035, 120));
    assert_eq!((report.sizes["128 x 128"], report.card.raters), (1035, 4));
    let nodule = &report.structures[0];
    let dice = nodule.pairwise_dice.unwrap();
    // "About 0.80"; a count of its own in NumPy gave 0.8192978 too.
    assert!((dice.mean - 0.8193).abs() < 1e-4, "{dice:?}");
    // Slots are no people: none draws much larger than the others on average.
    for area in &nodule.areas {
        let relative = area.mean_relative_area.unwrap();
        assert!((relative - 1.0).abs() < 0.1, "{report}");
    }
    assert!(report.is_sound(), "{report}");
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
