//! `BraTS` volumes, in small folders of the documented layout.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

mod support;

use std::path::Path;

use mrprism_protocol::spec::{DatasetFile, SliceRule};
use mrprism_raters::dataset::Dataset;
use support::{all_cases, assert_tells, built_in, refusal, write_nifti};

const SIDE: usize = 6;
const DEPTH: usize = 4;

fn name(volume: usize) -> String {
    format!("BraTS20_Training_{volume:03}")
}

/// Writes `<name>/<name>_<word>.nii.gz`, voxel by voxel.
fn write(root: &Path, volume: usize, word: &str, voxel: impl Fn(usize, usize, usize) -> f32) {
    let mut values = Vec::new();
    for z in 0..DEPTH {
        for y in 0..SIDE {
            values.extend((0..SIDE).map(|x| voxel(x, y, z)));
        }
    }
    let path = root
        .join(name(volume))
        .join(format!("{}_{word}.nii.gz", name(volume)));
    write_nifti(&path, &[SIDE as u16, SIDE as u16, DEPTH as u16], &values);
}

/// Slice 2 of volume v is marked most: label 4 in one column, 1 in the next, 2 in the third; slice 1 has only oedema.
fn label(x: usize, _: usize, z: usize) -> f32 {
    match (z, x) {
        (2, 0) => 4.0,
        (2, 1) => 1.0,
        (1 | 2, 2) => 2.0,
        _ => 0.0,
    }
}

fn volume(root: &Path, volume: usize) {
    for (channel, word) in ["t1", "t1ce", "t2", "flair"].into_iter().enumerate() {
        write(root, volume, word, |x, y, z| {
            (1000 * channel + 100 * z + 10 * y + x + volume) as f32
        });
    }
    write(root, volume, "seg", label);
}

fn small() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for number in 1..=5 {
        volume(root.path(), number);
    }
    root
}

fn at(slices: &[u32]) -> DatasetFile {
    DatasetFile {
        slices: Some(SliceRule::At(slices.to_vec())),
        ..built_in("brats")
    }
}

#[test]
fn the_largest_slice_becomes_a_case_with_four_channels_and_nested_regions() {
    let root = small();
    let dataset = Dataset::open(&built_in("brats"), Some(root.path())).unwrap();
    assert_eq!(dataset.card().channels, 4);
    assert_eq!(dataset.card().raters, 1);
    let names: Vec<_> = dataset.case_names().collect();
    assert_eq!(names.len(), 5);
    assert_eq!(names[0], "BraTS20_Training_001/slice-2");
    for case in all_cases(&dataset, SIDE as u32) {
        assert_eq!(case.image.dim(), (4, SIDE, SIDE));
        let area = |structure| {
            case.mask(0, structure)
                .iter()
                .filter(|mark| **mark == 1)
                .count()
        };
        assert_eq!([area(0), area(1), area(2)], [3 * SIDE, 2 * SIDE, SIDE]);
        assert_eq!(
            case.mask(0, 2)[[0, 0]],
            1,
            "enhancing tumour is the first column"
        );
        assert!(case.arbitrated.is_none());
        assert!(case.name.starts_with(&case.patient));
    }
}

#[test]
fn slices_may_be_named_and_stay_together_with_their_patient() {
    let root = small();
    let dataset = Dataset::open(&at(&[0, 1, 3]), Some(root.path())).unwrap();
    assert_eq!(dataset.case_names().count(), 15);
    let all = all_cases(&dataset, SIDE as u32);
    let empty = all.iter().find(|case| case.name.ends_with("_002/slice-0"));
    let empty = empty.unwrap();
    assert!(
        empty.masks.iter().all(|mark| *mark == 0),
        "an empty slice is a case"
    );
    assert!(empty.present[0]);
    let members = dataset.members(None).unwrap();
    for split in [
        mrprism_raters::dataset::SplitName::Train,
        mrprism_raters::dataset::SplitName::Validation,
        mrprism_raters::dataset::SplitName::Test,
    ] {
        assert_eq!(
            members.positions(split).len() % 3,
            0,
            "three slices a patient"
        );
    }
    let told = refusal(&at(&[4]), Some(root.path()));
    assert_tells(&told, &["4 slices", "slice 4"]);
}

#[test]
fn several_raters_are_read_and_the_joined_mask_is_arbitrated() {
    let root = small();
    for number in 1..=5 {
        for rater in 1..=3_usize {
            let word = format!("seg_{rater:02}");
            write(root.path(), number, &word, |x, _, z| {
                if z == 2 && x < rater { 2.0 } else { 0.0 }
            });
        }
    }
    let dataset = Dataset::open(&at(&[2]), Some(root.path())).unwrap();
    assert_eq!(dataset.card().raters, 3);
    let case = all_cases(&dataset, SIDE as u32).remove(0);
    let area = |rater| {
        case.mask(rater, 0)
            .iter()
            .filter(|mark| **mark == 1)
            .count()
    };
    assert_eq!([area(0), area(1), area(2)], [SIDE, 2 * SIDE, 3 * SIDE]);
    assert!(case.arbitrated.is_some());
}

#[test]
fn what_is_missing_strange_or_twice_is_refused_by_name() {
    let missing = small();
    let gone = format!("{0}/{0}_t2.nii.gz", name(3));
    std::fs::remove_file(missing.path().join(&gone)).unwrap();
    assert_tells(
        &refusal(&at(&[2]), Some(missing.path())),
        &[&gone, "four channels"],
    );

    // One training folder of the published set has its segmentation under another name.
    let unmarked = small();
    let (from, to) = (
        format!("{0}/{0}_seg.nii.gz", name(2)),
        format!("{}/W39_Segm.nii.gz", name(2)),
    );
    std::fs::rename(unmarked.path().join(from), unmarked.path().join(to)).unwrap();
    assert_tells(
        &refusal(&at(&[2]), Some(unmarked.path())),
        &[&name(2), "no rater marked"],
    );

    let twice = small();
    let path = |ending: &str| twice.path().join(format!("{0}/{0}_seg.{ending}", name(1)));
    std::fs::copy(path("nii.gz"), path("nii")).unwrap();
    assert_tells(
        &refusal(&at(&[2]), Some(twice.path())),
        &["are the same: remove one"],
    );

    let label = small();
    write(label.path(), 4, "seg", |_, _, _| 3.0);
    let told = refusal(&at(&[2]), Some(label.path()));
    assert_tells(&told, &["label 3", "seg.nii.gz"]);

    let grid = small();
    let flair = grid.path().join(format!("{0}/{0}_flair.nii.gz", name(1)));
    write_nifti(&flair, &[3, 3, DEPTH as u16], &[1.0; 3 * 3 * DEPTH]);
    assert_tells(
        &refusal(&at(&[2]), Some(grid.path())),
        &["flair", "3x3", "6x6"],
    );

    let flat = small();
    write_nifti(
        &flat.path().join(format!("{0}/{0}_t1.nii.gz", name(1))),
        &[6, 6],
        &[1.0; 36],
    );
    assert_tells(&refusal(&at(&[2]), Some(flat.path())), &["no volume"]);
}

#[test]
fn a_definition_says_which_slices_and_which_regions() {
    let told = |definition: &DatasetFile| refusal(definition, Some(Path::new("/")));
    let without = DatasetFile {
        slices: None,
        ..built_in("brats")
    };
    assert_tells(&told(&without), &["slices", "largest"]);
    for wrong in [at(&[]), at(&[2, 2])] {
        assert_tells(&told(&wrong), &["slices", "each once"]);
    }
    let region = DatasetFile {
        structures: vec!["tumour".to_owned()],
        nested: Vec::new(),
        ..built_in("brats")
    };
    assert_tells(&told(&region), &["structures", "enhancing"]);
    let elsewhere = DatasetFile {
        slices: Some(SliceRule::Largest(1)),
        ..built_in("lidc")
    };
    assert_tells(&told(&elsewhere), &["slices", "no such key"]);
}
