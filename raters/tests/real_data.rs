//! Real data, where this machine has them: the numbers that their own description states.

mod support;

use mrprism_raters::dataset::{Dataset, SplitName, check};
use mrprism_raters::metric::pairwise_dice;
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

#[test]
fn cfos_opens_as_a_folder_of_pictures() {
    let Some(folder) = real_data("cfos_opens_as_a_folder_of_pictures", "cfos") else {
        return;
    };
    let definition = definition(
        r#"
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
        "#,
    );
    let dataset = Dataset::open(&definition, Some(&folder)).unwrap();
    assert_eq!((dataset.card().raters, dataset.case_names().len()), (5, 36));
    assert_eq!(dataset.rater_names(), ["1", "2", "3", "4", "5"]);
    let cases = dataset.load(SplitName::Test, 1024, None).unwrap();
    assert!(cases.iter().all(|case| {
        case.arbitrated
            .as_ref()
            .is_some_and(|mask| mask.iter().any(|p| *p == 1))
    }));
    let dice: Vec<f64> = cases
        .iter()
        .flat_map(|case| pairwise_dice(case, 0))
        .map(|(_, _, dice)| dice)
        .collect();
    let mean = dice.iter().sum::<f64>() / dice.len() as f64;
    assert_eq!(dice.len(), 3 * 10);
    assert!((mean - 0.588).abs() < 0.1, "{mean}");
}
