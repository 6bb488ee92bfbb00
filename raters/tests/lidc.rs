//! LIDC slices, in small folders of the documented layout and in the real one.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

mod support;

use std::path::Path;

use mrprism_protocol::spec::RaterIdentity;
use mrprism_raters::dataset::{Dataset, SplitName, check};
use ndarray::Axis;
use support::{
    all_cases, assert_readable, assert_tells, built_in, names_of, real_data, refusal, write_bytes,
    write_png,
};

/// Patients 1 to `patients`, one nodule each with two slices; patient 1 has a second nodule. Mask r marks r + 1 columns.
fn lidc(root: &Path, patients: usize) {
    for patient in 1..=patients {
        for nodule in 0..=usize::from(patient == 1) {
            let folder = root.join(format!("LIDC-IDRI-{patient:04}/nodule-{nodule}"));
            for slice in 1..=2 {
                let name = format!("slice-{slice}.png");
                write_png(&folder.join("images").join(&name), 8, 8, |x, y| {
                    // The marker pixel is the brightest; patients and slices differ.
                    if (x, y) == (0, 5) {
                        255
                    } else {
                        (patient + slice) as u8
                    }
                });
                for rater in 0..4 {
                    let path = folder.join(format!("mask-{rater}")).join(&name);
                    write_png(&path, 8, 8, |x, y| 255 * u8::from(x <= rater && y == 5));
                }
            }
        }
    }
}

fn small() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    lidc(root.path(), 10);
    root
}

#[test]
fn a_slice_is_a_case_and_its_folder_the_patient() {
    let root = small();
    let dataset = Dataset::open(&built_in("lidc"), Some(root.path())).unwrap();
    let names: Vec<_> = dataset.case_names().take(5).collect();
    assert_eq!(
        names,
        [
            "LIDC-IDRI-0001/nodule-0/slice-1",
            "LIDC-IDRI-0001/nodule-0/slice-2",
            "LIDC-IDRI-0001/nodule-1/slice-1",
            "LIDC-IDRI-0001/nodule-1/slice-2",
            "LIDC-IDRI-0002/nodule-0/slice-1",
        ]
    );
    assert_eq!(dataset.rater_names(), ["0", "1", "2", "3"]);
    assert_eq!(dataset.card().rater_identity, RaterIdentity::Exchangeable);
    let counts = SplitName::ALL.map(|split| names_of(&dataset, split).len());
    assert_eq!(counts.iter().sum::<usize>(), 22);
    let patients = |split| {
        let names = names_of(&dataset, split).into_iter();
        let patients = names.map(|name| name.split('/').next().unwrap().to_owned());
        patients.collect::<std::collections::BTreeSet<_>>()
    };
    let [train, validation, test] = SplitName::ALL.map(patients);
    assert_eq!((train.len(), validation.len(), test.len()), (7, 1, 2));
    assert!(train.is_disjoint(&test) && train.is_disjoint(&validation));
    assert!(test.is_disjoint(&validation));
}

#[test]
fn image_and_masks_lie_on_each_other() {
    let root = small();
    let dataset = Dataset::open(&built_in("lidc"), Some(root.path())).unwrap();
    for case in all_cases(&dataset, 8) {
        assert_eq!(case.patient, case.name[..14]);
        assert_eq!(case.present, [true; 4]);
        for (y, row) in case
            .image
            .index_axis(Axis(0), 0)
            .rows()
            .into_iter()
            .enumerate()
        {
            for (x, value) in row.iter().enumerate() {
                assert_eq!(*value >= 1.0, (x, y) == (0, 5));
                for rater in 0..4 {
                    let marked = case.mask(rater, 0)[[y, x]] == 1;
                    assert_eq!(marked, x <= rater && y == 5, "{x} {y} {rater}");
                }
            }
        }
    }
}

#[test]
fn a_missing_mask_is_an_absent_reading_and_a_mask_without_image_is_refused() {
    let root = small();
    let nodule = root.path().join("LIDC-IDRI-0003/nodule-0");
    std::fs::remove_file(nodule.join("mask-2/slice-1.png")).unwrap();
    let dataset = Dataset::open(&built_in("lidc"), Some(root.path())).unwrap();
    let report = check(&dataset);
    assert_eq!(report.present, [22, 22, 21, 22]);
    assert_readable(&report);
    std::fs::remove_file(nodule.join("images/slice-1.png")).unwrap();
    assert_tells(
        &refusal(&built_in("lidc"), Some(root.path())),
        &[
            "LIDC-IDRI-0003/nodule-0/slice-1",
            "mask-0/slice-1.png",
            "has no image",
        ],
    );
}

#[test]
fn other_folders_do_not_matter_and_wrong_ones_are_told() {
    let root = small();
    write_bytes(&root.path().join("README.md"), b"about");
    write_bytes(&root.path().join("LIDC-IDRI-0001/notes.txt"), b"about");
    write_bytes(
        &root.path().join("LIDC-IDRI-x/nodule-0/images/a.png"),
        b"none",
    );
    let dataset = Dataset::open(&built_in("lidc"), Some(root.path())).unwrap();
    assert_eq!(dataset.case_names().len(), 22);
    assert_tells(
        &refusal(&built_in("lidc"), Some(&root.path().join("LIDC-IDRI-0001"))),
        &["no case in", "LIDC-IDRI-####/nodule-K/images/slice-N.png"],
    );
    let mut stable = built_in("lidc");
    stable.raters = RaterIdentity::Stable;
    assert_tells(
        &refusal(&stable, Some(root.path())),
        &["`raters`", "exchangeable"],
    );
    let slice = root
        .path()
        .join("LIDC-IDRI-0002/nodule-0/mask-1/slice-2.png");
    write_png(&slice, 4, 8, |_, _| 0);
    assert_tells(
        &refusal(&built_in("lidc"), Some(root.path())),
        &["mask-1/slice-2.png has 4x8", "8x8"],
    );
}

#[test]
fn a_rater_can_be_left_out_by_name_and_a_wrong_name_is_told() {
    let root = small();
    let (case, rater) = ("LIDC-IDRI-0002/nodule-0/slice-1", "3");
    let with = |case: &str, raters: &[&str]| {
        let mut definition = built_in("lidc");
        let raters = raters.iter().map(|rater| (*rater).to_owned()).collect();
        definition.absent.insert(case.to_owned(), raters);
        definition
    };
    let dataset = Dataset::open(&with(case, &[rater]), Some(root.path())).unwrap();
    let cases = all_cases(&dataset, 8);
    let found = cases.iter().find(|found| found.name == case).unwrap();
    assert_eq!(found.present, [true, true, true, false]);
    assert!(found.mask(3, 0).iter().all(|pixel| *pixel == 0));
    let told = |case, raters: &[&str], parts: &[&str]| {
        assert_tells(&refusal(&with(case, raters), Some(root.path())), parts);
    };
    told(
        "LIDC-IDRI-0099/nodule-0/slice-1",
        &["1"],
        &["`absent`", "is no case"],
    );
    told(
        case,
        &["9"],
        &["`absent`", "'9' is none of the raters 0, 1, 2, 3"],
    );
    told(case, &["1", "1"], &["`absent`", "did not mark"]);
    told(case, &["0", "1", "2", "3"], &["no rater marked"]);
}

#[test]
fn the_real_slices_are_what_their_description_says() {
    let Some(folder) = real_data("the_real_slices_are_what_their_description_says", "lidc") else {
        return;
    };
    let dataset = Dataset::open(&built_in("lidc"), Some(&folder)).unwrap();
    let card = dataset.card();
    assert_eq!((card.raters, card.channels, card.arbitrated), (4, 1, None));
    assert_eq!(dataset.case_names().len(), 1035);
    let report = check(&dataset);
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.sizes["128 x 128"], 1035);
    assert_eq!(report.present, [1035; 4]);
    let nodule = &report.structures[0];
    assert_eq!(nodule.empty_masks, 0, "{report}");
    // Counted by another program (numpy) over the same 5,175 files.
    let dice = nodule.pairwise_dice.unwrap();
    assert_eq!((dice.count, dice.min.to_bits()), (6210, 0.0_f64.to_bits()));
    assert!((dice.mean - 0.819_297_8).abs() < 1e-6, "{dice:?}");
    assert!((dice.sd - 0.122_012_5).abs() < 1e-6, "{dice:?}");
    for (area, counted) in nodule
        .areas
        .iter()
        .zip([1.035_891, 0.923_013, 0.990_946, 1.050_149])
    {
        let relative = area.mean_relative_area.unwrap();
        assert!((relative - counted).abs() < 1e-5, "{relative} {counted}");
    }
    let patients = |split| {
        let cases = dataset.load(split, 16, None).unwrap().into_iter();
        cases
            .map(|case| case.patient)
            .collect::<std::collections::BTreeSet<_>>()
    };
    let [train, validation, test] = SplitName::ALL.map(patients);
    assert_eq!((train.len(), validation.len(), test.len()), (84, 12, 24));
    assert!(train.is_disjoint(&test) && train.is_disjoint(&validation));
    assert!(test.is_disjoint(&validation));
}
