//! Reading small data sets of every form that has files.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

mod support;

use std::path::Path;

use mrprism_raters::dataset::{Dataset, FindingKind, SplitName, Splits, check};
use mrprism_raters::read::parse_definition;
use ndarray::{Axis, array, s};
use support::{
    definition, gzip, nifti_bytes, pictures, pictures_definition, qubiq, qubiq_definition,
    write_bytes, write_nifti, write_png,
};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn all(splits: Splits) -> Vec<mrprism_raters::case::Case> {
    let mut cases: Vec<_> = [splits.train, splits.validation, splits.test]
        .into_iter()
        .flatten()
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

#[test]
fn qubiq_with_two_tasks_gives_two_structures() {
    let root = folder();
    qubiq(root.path(), 4, 3);
    let dataset = Dataset::open(&qubiq_definition(), Some(root.path())).unwrap();
    let card = dataset.card();
    assert_eq!((card.raters, card.channels), (3, 1));
    let counts = ["train", "validation", "test"].map(|split| card.cases[split]);
    assert_eq!(counts, [3, 0, 1]);
    let test = dataset.load(SplitName::Test, 8, None).unwrap();
    assert_eq!(test[0].name, "case04");
    // 8 x 6 is padded by a row above and below.
    assert_eq!(test[0].mask(0, 0).row(0).sum(), 0);
    assert_eq!(test[0].mask(0, 0).row(1), array![1, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(test[0].mask(2, 1).row(6), array![1, 1, 1, 1, 1, 0, 0, 0]);
    assert_eq!(test[0].mask(2, 1).row(7).sum(), 0);
    let image = test[0].image.index_axis(Axis(0), 0);
    assert_eq!(
        (image[[0, 3]], image[[1, 0]], image[[6, 7]]),
        (0.0, 0.0, 1.0)
    );
}

#[test]
fn an_absent_rater_is_absent_and_nothing_crashes() {
    let root = folder();
    qubiq(root.path(), 3, 3);
    for task in ["01", "02"] {
        std::fs::remove_file(
            root.path()
                .join(format!("Training/case01/task{task}_seg02.nii.gz")),
        )
        .unwrap();
    }
    let dataset = Dataset::open(&qubiq_definition(), Some(root.path())).unwrap();
    let cases = dataset.load(SplitName::Train, 32, None).unwrap();
    assert_eq!(cases[0].present, [true, false, true]);
    assert_eq!(
        cases[0].masks.slice(s![1, .., .., ..]).iter().max(),
        Some(&0)
    );
    assert_eq!(cases[1].present, [true; 3]);
    let report = check(&dataset);
    assert_eq!(report.present, [3, 2, 3]);
    assert!(
        report.is_sound() && report.to_string().contains("case01 (rater 02)"),
        "{report}"
    );
}

#[test]
fn scaling_byte_order_and_plain_files_are_read_alike() {
    let root = folder();
    qubiq(root.path(), 4, 1);
    let at = |name: &str| root.path().join(format!("Training/{name}/image.nii.gz"));
    let values: Vec<f32> = (0..48).map(|v| v as f32).collect();
    // Stored as 0…47, meant as 100 − 2·v; then the same without scaling; the name says gz, the content need not.
    write_bytes(
        &at("case01"),
        &gzip(&nifti_bytes(&[8, 6], &values, -2.0, 100.0)),
    );
    let meant: Vec<f32> = values.iter().map(|v| 100.0 - 2.0 * v).collect();
    write_bytes(
        &at("case02"),
        &nifti_bytes(&[8, 6, 1, 1], &meant, f32::NAN, 0.0),
    );
    write_bytes(
        &at("case03"),
        &swapped(nifti_bytes(&[8, 6], &meant, 1.0, 5.0)),
    );
    let dataset = Dataset::open(&qubiq_definition(), Some(root.path())).unwrap();
    let cases = dataset.load(SplitName::Train, 8, None).unwrap();
    assert_eq!(cases[0].image, cases[1].image);
    assert_eq!(cases[0].image, cases[2].image);
    assert!((cases[0].image[[0, 1, 0]] - 1.0).abs() < f32::EPSILON);
}

/// The same file in the other byte order.
fn swapped(mut bytes: Vec<u8>) -> Vec<u8> {
    let words = (352..bytes.len()).step_by(4).chain([0, 108, 112, 116]);
    let words: Vec<_> = words.map(|offset| (offset, 4)).collect();
    let halves = (40..56)
        .step_by(2)
        .chain([70, 72])
        .map(|offset| (offset, 2));
    for (offset, length) in words.into_iter().chain(halves) {
        bytes[offset..offset + length].reverse();
    }
    bytes
}

#[test]
fn a_fourth_axis_is_channels() {
    let root = folder();
    qubiq(root.path(), 3, 1);
    for (case, dim) in [
        (1, vec![8, 6, 1, 3]),
        (2, vec![8, 6, 3]),
        (3, vec![8, 1, 6, 3]),
    ] {
        let folder = if case == 3 { "Validation" } else { "Training" };
        let values: Vec<f32> = (0..144).map(|v| v as f32).collect();
        write_nifti(
            &root
                .path()
                .join(format!("{folder}/case{case:02}/image.nii.gz")),
            &dim,
            &values,
        );
    }
    let dataset = Dataset::open(&qubiq_definition(), Some(root.path())).unwrap();
    assert_eq!(dataset.card().channels, 3);
    let cases = all(dataset.splits(8, None).unwrap());
    assert_eq!(cases[0].image.dim(), (3, 8, 8));
    assert_eq!(cases[0].image, cases[1].image);
    assert_eq!(cases[0].image, cases[2].image);
}

#[test]
fn a_folder_with_its_own_dataset_toml_several_structures_and_patients() {
    let root = folder();
    let text = r#"
        name = "own"
        image = "{case}/{case}.png"
        masks = "{case}/{case}_{structure}_{rater}.png"
        arbitrated = "{case}/truth_{structure}.png"
        arbitrated_kind = "expert"
        structures = ["disc", "cup"]
        nested = ["disc", "cup"]
        raters = "exchangeable"
        foreground = { equals = [1, 2] }
        patient = "^(?P<patient>p[0-9]+)_"
        intensity = "minmax"
        split = { test = ["p1"], validation = ["p2"] }
        folds = 3
    "#;
    write_bytes(&root.path().join("dataset.toml"), text.as_bytes());
    for case in ["p1_a", "p1_b", "p2_a", "p3_a", "p3_b"] {
        let at = |name: String| root.path().join(case).join(name);
        write_png(&at(format!("{case}.png")), 4, 4, |x, _| x as u8);
        for (structure, width) in [("disc", 3), ("cup", 2)] {
            write_png(&at(format!("truth_{structure}.png")), 4, 4, |x, _| {
                u8::from(x < width)
            });
            for rater in ["a", "b10", "b2"] {
                write_png(
                    &at(format!("{case}_{structure}_{rater}.png")),
                    4,
                    4,
                    |x, _| 2 * u8::from(x < width),
                );
            }
        }
    }
    let definition = parse_definition(root.path()).unwrap();
    let dataset = Dataset::open(&definition, Some(root.path())).unwrap();
    assert_eq!(dataset.rater_names(), ["a", "b10", "b2"]);
    let splits = dataset.splits(4, None).unwrap();
    let names = |cases: &[mrprism_raters::case::Case]| {
        cases.iter().map(|c| c.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&splits.test), ["p1_a", "p1_b"]);
    assert_eq!(names(&splits.validation), ["p2_a"]);
    assert_eq!(splits.test[0].patient, "p1");
    let truth = splits.test[0].arbitrated.as_ref().unwrap();
    assert_eq!(truth.index_axis(Axis(0), 1).row(0), array![1, 1, 0, 0]);
    assert_eq!(splits.test[0].masks.index_axis(Axis(0), 2), truth);
    for fold in 0..3 {
        let members = dataset.splits(4, Some(fold)).unwrap();
        let patients = |cases: &[mrprism_raters::case::Case]| {
            cases
                .iter()
                .map(|c| c.patient.clone())
                .collect::<std::collections::BTreeSet<_>>()
        };
        assert!(patients(&members.train).is_disjoint(&patients(&members.test)));
        assert!(patients(&members.train).is_disjoint(&patients(&members.validation)));
    }
}

#[test]
fn colours_are_kept_or_become_grey_as_asked() {
    let root = folder();
    pictures(root.path(), &["a", "b", "c", "d"], 2);
    for case in ["a", "b", "c", "d"] {
        let picture = image::RgbImage::from_fn(6, 6, |x, _| image::Rgb([51 * (x as u8), 255, 0]));
        picture
            .save(root.path().join(format!("images/{case}.png")))
            .unwrap();
        for rater in 1..=2 {
            // Red on black: only one channel is above the bound.
            let mask = image::RgbImage::from_fn(6, 6, |x, _| {
                image::Rgb([if x < rater { 200 } else { 0 }, 0, 0])
            });
            mask.save(root.path().join(format!("masks/{rater}/{case}.png")))
                .unwrap();
        }
    }
    let mut definition = pictures_definition();
    let grey = all(Dataset::open(&definition, Some(root.path()))
        .unwrap()
        .splits(6, None)
        .unwrap());
    assert_eq!(grey[0].image.dim(), (1, 6, 6));
    assert_eq!(grey[0].mask(1, 0).row(3), array![1, 1, 0, 0, 0, 0]);
    definition.intensity = "rgb".to_owned();
    let dataset = Dataset::open(&definition, Some(root.path())).unwrap();
    assert_eq!(dataset.card().channels, 3);
    let rgb = all(dataset.splits(6, None).unwrap());
    assert_eq!(rgb[0].image.slice(s![.., 0, 1]), array![0.2, 1.0, 0.0]);
}

#[test]
fn sixteen_bits_and_other_formats_are_read() {
    let root = folder();
    pictures(root.path(), &["a", "b", "c", "d"], 2);
    let deep = image::ImageBuffer::<image::Luma<u16>, _>::from_fn(8, 6, |x, _| {
        image::Luma([x as u16 * 9362])
    });
    deep.save(root.path().join("images/a.png")).unwrap();
    let mut definition = pictures_definition();
    definition.intensity = "ct:0:65534".to_owned();
    let cases = all(Dataset::open(&definition, Some(root.path()))
        .unwrap()
        .splits(8, None)
        .unwrap());
    assert!((cases[0].image[[0, 3, 7]] - 1.0).abs() < 1e-6);
    assert!((cases[0].image[[0, 3, 1]] - 1.0 / 7.0).abs() < 1e-6);
    for extension in ["tif", "bmp", "jpg"] {
        let root = folder();
        pictures(root.path(), &["a", "b", "c", "d"], 2);
        for case in ["a", "b", "c", "d"] {
            let picture = image::GrayImage::from_fn(8, 6, |x, _| image::Luma([x as u8 * 36]));
            picture
                .save(root.path().join(format!("images/{case}.{extension}")))
                .unwrap();
        }
        let mut definition = pictures_definition();
        definition.image = Some(format!("images/{{case}}.{extension}"));
        let cases = all(Dataset::open(&definition, Some(root.path()))
            .unwrap()
            .splits(8, None)
            .unwrap());
        assert!(
            cases[0].image[[0, 3, 7]] > 0.95 && cases[0].image[[0, 3, 0]] < 0.05,
            "{extension}"
        );
    }
}

#[test]
fn shrinking_averages_and_masks_stay_aligned_with_the_image() {
    let root = folder();
    for case in ["a", "b", "c", "d"] {
        // A bright square that is also the mask, on 64 x 64; fine stripes elsewhere that must not alias.
        let inside = |x: u32, y: u32| (16..48).contains(&x) && (8..40).contains(&y);
        write_png(
            &root.path().join(format!("images/{case}.png")),
            64,
            64,
            |x, y| {
                if inside(x, y) {
                    255
                } else {
                    100 * u8::from((x + y) % 2 == 0)
                }
            },
        );
        write_png(
            &root.path().join(format!("masks/1/{case}.png")),
            64,
            64,
            |x, y| 255 * u8::from(inside(x, y)),
        );
    }
    let cases = all(Dataset::open(&pictures_definition(), Some(root.path()))
        .unwrap()
        .splits(16, None)
        .unwrap());
    for ((_, y, x), value) in cases[0].image.indexed_iter() {
        let marked = cases[0].masks[[0, 0, y, x]] == 1;
        assert_eq!(marked, (4..12).contains(&x) && (2..10).contains(&y));
        assert_eq!(marked, *value > 0.6, "{x} {y} {value}");
        let far = !(3..13).contains(&x) || !(1..11).contains(&y);
        let edge = x == 0 || y == 0 || x == 15 || y == 15;
        if far && !edge {
            assert!((value - 50.0 / 255.0).abs() < 0.01, "{x} {y} {value}");
        }
    }
}

#[test]
fn the_manifest_changes_with_a_byte_and_with_the_definition_but_not_with_the_place() {
    let (one, two) = (folder(), folder());
    for root in [&one, &two] {
        pictures(root.path(), &["a", "b", "c", "d"], 2);
    }
    write_bytes(&two.path().join("notes.txt"), b"not part of the data set");
    let mut definition = pictures_definition();
    let manifest = |root: &Path, definition: &_| {
        Dataset::open(definition, Some(root))
            .unwrap()
            .manifest()
            .to_owned()
    };
    let first = manifest(one.path(), &definition);
    definition.root = Some("data/elsewhere".to_owned());
    assert_eq!(first, manifest(two.path(), &definition));
    definition.split_seed = 1;
    assert_ne!(first, manifest(one.path(), &definition));
    definition.split_seed = 0;
    write_png(&two.path().join("masks/2/c.png"), 8, 6, |x, _| {
        if x < 2 { 254 } else { 100 }
    });
    assert_ne!(first, manifest(two.path(), &definition));
}

#[test]
fn the_same_image_twice_is_told_and_more_so_across_splits() {
    let root = folder();
    pictures(root.path(), &["a", "b", "c", "d"], 2);
    write_png(&root.path().join("images/a.png"), 8, 6, |x, y| {
        (x * x * 7 + y * y * 13) as u8 % 50
    });
    let mut definition = pictures_definition();
    definition.split = definition_split(r#"{ test = ["d"], validation = ["b"] }"#);
    let report = check(&Dataset::open(&definition, Some(root.path())).unwrap());
    let fault = &report.faults[0];
    assert_eq!(fault.kind, FindingKind::DuplicateAcrossSplits, "{report}");
    assert_eq!(
        fault.items,
        ["b (validation), c (train), d (test): the same pixels"]
    );
}

#[test]
fn the_report_of_a_check_reads_well() {
    let root = folder();
    qubiq(root.path(), 4, 3);
    for task in ["01", "02"] {
        let path = format!("Training/case01/task{task}_seg02.nii.gz");
        std::fs::remove_file(root.path().join(path)).unwrap();
    }
    write_bytes(&root.path().join("Training/case03/image.nii.gz"), b"broken");
    let dataset = Dataset::open(&qubiq_definition(), Some(root.path())).unwrap();
    let report = check(&dataset).to_string();
    let report = report.replace(dataset.manifest(), "MANIFEST");
    let real_root = root.path().canonicalize().unwrap();
    let report = report.replace(real_root.to_str().unwrap(), "ROOT");
    insta::assert_snapshot!(report);
}

fn definition_split(split: &str) -> mrprism_protocol::spec::SplitRule {
    let text = format!(
        "name = 'x'\nstructures = ['s']\nraters = 'stable'\nintensity = 'minmax'\nsplit = {split}\n"
    );
    definition(&text).split
}
