//! The QUBIQ tasks that cannot be had without registration, as small files in the documented layout: each trap is a test.

mod support;

use std::path::Path;

use mrprism_raters::dataset::{Dataset, SplitName, check};
use ndarray::{array, s};
use support::{
    assert_readable, assert_tells, built_in, gzip, nifti_bytes, write_bytes, write_nifti,
};

/// A NIfTI file of bytes, which keeps large slices small.
fn write_bytes_nifti(path: &Path, dim: &[u16], voxel: impl Fn(usize) -> u8) {
    let mut file = nifti_bytes(dim, &[], 0.0, 0.0);
    file[70..72].copy_from_slice(&2_i16.to_le_bytes());
    file[72..74].copy_from_slice(&8_i16.to_le_bytes());
    let count = dim.iter().map(|length| usize::from(*length)).product();
    file.extend((0..count).map(voxel));
    write_bytes(path, &gzip(&file));
}

/// Cases of `training` and `validation` folders, numbered on.
fn folders(training: usize, validation: usize) -> impl Iterator<Item = String> {
    let of = move |number: usize| {
        let folder = if number <= training {
            "Training"
        } else {
            "Validation"
        };
        format!("{folder}/case{number:02}")
    };
    (1..=training + validation).map(of)
}

fn kidney(root: &Path) {
    for folder in folders(20, 4) {
        // Columns of air, the window's ends, its middle, and metal.
        let values: Vec<f32> = (0..36)
            .map(|voxel| [-1024.0, -400.0, -100.0, 200.0, 800.0, 3000.0][voxel % 6])
            .collect();
        write_nifti(&root.join(&folder).join("image.nii.gz"), &[6, 6], &values);
        for rater in 1..=3 {
            let mask: Vec<f32> = (0..36)
                .map(|v| f32::from(u8::from(v % 6 < rater)))
                .collect();
            let name = format!("task01_seg{rater:02}.nii.gz");
            write_nifti(&root.join(&folder).join(name), &[6, 6], &mask);
        }
    }
}

#[test]
fn kidney_hounsfield_units_are_windowed_from_minus_400_to_800() {
    let root = tempfile::tempdir().unwrap();
    kidney(root.path());
    let dataset = Dataset::open(&built_in("qubiq-kidney"), Some(root.path())).unwrap();
    let card = dataset.card();
    assert_eq!((card.raters, card.channels, card.arbitrated), (3, 1, None));
    let test = dataset.load(SplitName::Test, 6, None).unwrap();
    let row = test[0].image.slice(s![0, 2, ..]).to_owned();
    assert_eq!(row, array![0.0, 0.0, 0.25, 0.5, 1.0, 1.0]);
}

#[test]
fn validation_is_drawn_from_the_training_folder_by_the_data_sets_seed() {
    let root = tempfile::tempdir().unwrap();
    kidney(root.path());
    let mut definition = built_in("qubiq-kidney");
    let opened = Dataset::open(&definition, Some(root.path())).unwrap();
    let counts = ["train", "validation", "test"].map(|split| opened.card().cases[split]);
    assert_eq!(counts, [17, 3, 4]);
    let members = opened.members(None).unwrap();
    // Positions 20 to 23 are the Validation folder's.
    assert_eq!(members.positions(SplitName::Test), [20, 21, 22, 23]);
    assert!(
        members
            .positions(SplitName::Validation)
            .iter()
            .all(|p| *p < 20)
    );
    let again = Dataset::open(&definition, Some(root.path())).unwrap();
    assert_eq!(again.members(None).unwrap(), members);
    definition.split_seed += 1;
    let other = Dataset::open(&definition, Some(root.path())).unwrap();
    assert_ne!(other.members(None).unwrap(), members);
    assert_eq!(
        other.members(None).unwrap().positions(SplitName::Test),
        [20, 21, 22, 23]
    );
}

#[test]
fn a_share_without_folders_and_a_share_that_is_none_are_refused() {
    let root = tempfile::tempdir().unwrap();
    kidney(root.path());
    let told = |share: f64, by: Option<&str>| {
        let mut definition = built_in("qubiq-kidney");
        definition.split.validation_fraction = Some(share);
        definition.split.by = by.map(str::to_owned);
        if by.is_none() {
            definition.split.fractions = Some([0.7, 0.1, 0.2]);
        }
        Dataset::open(&definition, Some(root.path()))
            .unwrap_err()
            .to_string()
    };
    assert_tells(&told(0.15, None), &["validation_fraction", "leave it out"]);
    assert_tells(
        &told(1.5, Some("folder")),
        &["split.validation_fraction", "between 0 and 1"],
    );
    // The whole training folder would leave nothing to train on.
    assert_tells(&told(0.99, Some("folder")), &["no case is left for train"]);
}

/// A case is `case{number}` with a slice of these axes; six raters mark the columns from 200 (longer axis from 360).
fn prostate(root: &Path, folder: &str, dim: [u16; 3]) {
    let folder = root.join(folder);
    let (width, height) = (usize::from(dim[0]), usize::from(dim[1]));
    // 640 pixels are kept: an image of 960 loses 160 at each end.
    let (left, top) = ((width - 640) / 2, (height - 640) / 2);
    let place = move |voxel: usize| (voxel % width, voxel / width);
    write_bytes_nifti(&folder.join("image.nii.gz"), &dim, |voxel| {
        let (x, y) = place(voxel);
        // What the crop removes is the brightest: it must not reach the percentiles.
        let kept = (left..left + 640).contains(&x) && (top..top + 640).contains(&y);
        if kept { ((x - left) / 8) as u8 } else { 255 }
    });
    for task in 1..=2 {
        for rater in 1..=6 {
            let name = format!("task{task:02}_seg{rater:02}.nii.gz");
            write_bytes_nifti(&folder.join(name), &dim, |voxel| {
                let (x, y) = place(voxel);
                u8::from(x >= left + 200 && y >= top + 320 && x < left + 300 + 10 * rater)
            });
        }
    }
}

#[test]
fn prostate_slices_of_960_pixels_lose_160_at_each_end_and_one_rater_is_missing() {
    let root = tempfile::tempdir().unwrap();
    prostate(root.path(), "Training/case01", [960, 640, 1]);
    prostate(root.path(), "Training/case02", [640, 640, 1]);
    prostate(root.path(), "Training/case03", [640, 960, 1]);
    prostate(root.path(), "Validation/case04", [640, 640, 1]);
    for task in 1..=2 {
        let gone = format!("Training/case02/task{task:02}_seg06.nii.gz");
        std::fs::remove_file(root.path().join(gone)).unwrap();
    }
    for name in ["qubiq-prostate1", "qubiq-prostate2"] {
        let dataset = Dataset::open(&built_in(name), Some(root.path())).unwrap();
        let card = dataset.card();
        assert_eq!((card.raters, card.channels, card.arbitrated), (6, 1, None));
        assert_eq!(card.crop.unwrap().as_str(), "fixed");
        let report = check(&dataset);
        assert_readable(&report);
        assert_eq!(report.sizes["640 x 640"], 4, "{report}");
        assert_eq!(report.present, [4, 4, 4, 4, 4, 3]);
        let splits = dataset.splits(640, None).unwrap();
        let all: Vec<_> = splits
            .train
            .iter()
            .chain(&splits.validation)
            .chain(&splits.test)
            .collect();
        assert_eq!(all.len(), 4);
        for case in all {
            assert_eq!(case.image, splits.test[0].image, "{}", case.name);
            assert_eq!(case.mask(0, 0), splits.test[0].mask(0, 0), "{}", case.name);
            let missing = case.name == "case02";
            assert_eq!(case.present, [true, true, true, true, true, !missing]);
            assert_eq!(case.mask(5, 0).iter().any(|pixel| *pixel == 1), !missing);
            assert!(case.arbitrated.is_none());
        }
    }
}

fn brain_tumor(root: &Path) {
    for (number, folder) in folders(28, 4).enumerate() {
        let folder = root.join(folder);
        // Both forms in which four modalities may be stored; voxel values differ by channel.
        let dim: &[u16] = if number % 2 == 0 {
            &[10, 10, 4]
        } else {
            &[10, 10, 1, 4]
        };
        let values: Vec<f32> = (0..400).map(|v| (v % 100 * (v / 100 + 1)) as f32).collect();
        write_nifti(&folder.join("image.nii.gz"), dim, &values);
        for task in 1..=3_usize {
            for rater in 1..=3 {
                // The first five training cases have nothing to mark in task 03.
                let empty = task == 3 && number < 5;
                let reach = if empty { 0 } else { 9 - 2 * task + rater % 2 };
                let mask: Vec<f32> = (0..100)
                    .map(|v| f32::from(u8::from(v % 10 < reach)))
                    .collect();
                let name = format!("task{task:02}_seg{rater:02}.nii.gz");
                write_nifti(&folder.join(name), &[10, 10], &mask);
            }
        }
    }
}

#[test]
fn brain_tumor_has_four_channels_three_tasks_and_cases_without_the_third() {
    let root = tempfile::tempdir().unwrap();
    brain_tumor(root.path());
    let dataset = Dataset::open(&built_in("qubiq-brain-tumor"), Some(root.path())).unwrap();
    let card = dataset.card();
    assert_eq!(
        (card.raters, card.channels, card.structures.len()),
        (3, 4, 3)
    );
    let counts = ["train", "validation", "test"].map(|split| card.cases[split]);
    assert_eq!(counts, [24, 4, 4]);
    let report = check(&dataset);
    assert_readable(&report);
    let empty: Vec<_> = report
        .structures
        .iter()
        .map(|structure| structure.empty_masks)
        .collect();
    assert_eq!(empty, [0, 0, 15]);
    assert_tells(&report.to_string(), &["empty masks of 'tumor3' (15)"]);
    let splits = dataset.splits(10, None).unwrap();
    let all: Vec<_> = splits
        .train
        .iter()
        .chain(&splits.validation)
        .chain(&splits.test)
        .collect();
    for case in &all {
        assert_eq!(case.image.dim(), (4, 10, 10));
        assert_eq!(case.image, all[0].image, "{}", case.name);
        assert!(case.present.iter().all(|present| *present));
    }
    // Each channel has a range of its own.
    for channel in all[0].image.outer_iter() {
        assert!((channel[[9, 9]] - 1.0).abs() < 1e-6 && channel[[0, 0]].abs() < 1e-6);
    }
}

#[test]
fn a_stack_of_slices_is_no_slice() {
    let root = tempfile::tempdir().unwrap();
    kidney(root.path());
    let path = root.path().join("Training/case07/image.nii.gz");
    write_nifti(&path, &[6, 6, 10], &[0.0; 360]);
    let dataset = Dataset::open(&built_in("qubiq-kidney"), Some(root.path())).unwrap();
    let told = dataset.splits(6, None).unwrap_err().to_string();
    assert_tells(
        &told,
        &["case07/image.nii.gz", "6 x 6 x 10", "single slices"],
    );
}
