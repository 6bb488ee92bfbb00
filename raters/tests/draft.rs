//! Drafts of `dataset.toml`: each layout that people use gives a file that opens.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

mod support;

use std::path::Path;

use mrprism_protocol::spec::{DatasetFile, DatasetForm, parse_toml};
use mrprism_raters::dataset::{Dataset, Draft, check, draft};
use support::{assert_tells, qubiq, real_data, write_nifti, write_png};

/// Draws a grey picture with many values, another one for each seed.
fn image(root: &Path, name: &str, seed: u32) {
    write_png(&root.join(name), 16, 12, |x, y| {
        ((x * x * (3 + seed) + y * y * 7 + x * y * seed) % 251) as u8
    });
}

/// A mask of two values: rater `rater` marks so many columns from the fourth on.
fn mask(root: &Path, name: &str, rater: u32, values: [u8; 2]) {
    write_png(&root.join(name), 16, 12, |x, _| {
        values[usize::from((4..6 + rater).contains(&x))]
    });
}

const CASES: [&str; 8] = ["007", "011", "012", "031", "040", "055", "061", "102"];

#[track_caller]
fn opened(root: &Path) -> (Draft, DatasetFile, Dataset) {
    let draft = draft(root).unwrap();
    let definition: DatasetFile = parse_toml("draft", &draft.text).unwrap();
    let dataset = Dataset::open(&definition, Some(root))
        .unwrap_or_else(|error| panic!("{error}\n{}", draft.text));
    (draft, definition, dataset)
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_folder_for_each_expert_with_arbitrated_masks() {
    let root = folder();
    for (seed, case) in CASES.iter().enumerate() {
        image(root.path(), &format!("images/{case}.png"), seed as u32);
        for rater in 1..=3 {
            let name = format!("labels/expert_{rater}/{case}_nuclei.png");
            mask(root.path(), &name, rater, [0, 255]);
        }
        mask(
            root.path(),
            &format!("labels/est_GT/{case}_nuclei.png"),
            2,
            [0, 255],
        );
    }
    std::fs::write(root.path().join("groups.csv"), "a,b").unwrap();
    let (draft, definition, dataset) = opened(root.path());
    assert_eq!(definition.image.as_deref(), Some("images/{case}.png"));
    assert_eq!(
        definition.masks.as_deref(),
        Some("labels/expert_{rater}/{case}_nuclei.png")
    );
    assert_eq!(
        definition.arbitrated.as_deref(),
        Some("labels/est_GT/{case}_nuclei.png")
    );
    assert_eq!(dataset.rater_names(), ["1", "2", "3"]);
    assert_eq!(dataset.case_names().collect::<Vec<_>>(), CASES);
    assert_tells(
        &draft.text,
        &[
            "foreground = { above = 127 }",
            "raters = \"stable\"  # ? ",
            "intensity = \"minmax\"",
            "16 x 12",
        ],
    );
    assert!(draft.questions.len() >= 4, "{:?}", draft.questions);
    let report = check(&dataset);
    assert!(report.is_sound(), "{report}");
}

#[test]
fn a_suffix_for_each_rater_in_one_folder() {
    let root = folder();
    for (seed, case) in CASES.iter().enumerate() {
        image(root.path(), &format!("{case}.png"), seed as u32);
        for rater in 1..=4 {
            mask(
                root.path(),
                &format!("{case}_rater{rater}.png"),
                rater,
                [0, 1],
            );
        }
    }
    let (draft, definition, dataset) = opened(root.path());
    assert_eq!(definition.masks.as_deref(), Some("{case}_rater{rater}.png"));
    assert_eq!(definition.image.as_deref(), Some("{case}.png"));
    assert!(draft.text.contains("{ above = 0 }"), "{}", draft.text);
    assert_eq!(dataset.rater_names().len(), 4);
    assert!(check(&dataset).is_sound());
}

#[test]
fn a_folder_for_each_case_and_two_structures() {
    let root = folder();
    for (seed, case) in CASES.iter().enumerate() {
        image(root.path(), &format!("{case}/{case}.png"), seed as u32);
        for rater in 1..=3 {
            for structure in ["disc", "cup"] {
                let name = format!("{case}/{case}_{structure}_{rater}.png");
                mask(
                    root.path(),
                    &name,
                    rater + u32::from(structure == "disc"),
                    [0, 255],
                );
            }
        }
    }
    let (_, definition, dataset) = opened(root.path());
    assert_eq!(definition.image.as_deref(), Some("{case}/{case}.png"));
    assert_eq!(
        definition.masks.as_deref(),
        Some("{case}/{case}_{structure}_{rater}.png")
    );
    assert_eq!(definition.structures.len(), 2);
    assert_eq!(dataset.card().raters, 3);
}

#[test]
fn folders_named_after_people() {
    let root = folder();
    for (seed, case) in CASES.iter().enumerate() {
        image(root.path(), &format!("images/{case}.png"), seed as u32);
        for (rater, name) in ["anna", "ben", "chiara"].iter().enumerate() {
            mask(
                root.path(),
                &format!("masks/{name}/{case}.png"),
                rater as u32,
                [0, 255],
            );
        }
    }
    let (_, definition, dataset) = opened(root.path());
    assert_eq!(
        definition.masks.as_deref(),
        Some("masks/{rater}/{case}.png")
    );
    assert_eq!(dataset.rater_names(), ["anna", "ben", "chiara"]);
}

#[test]
fn inverted_masks_labels_and_patients_are_asked_about() {
    let root = folder();
    for patient in 1..=4 {
        for slice in 1..=3 {
            let case = format!("P{patient:02}_slice{slice}");
            image(
                root.path(),
                &format!("img/{case}.png"),
                patient * 10 + slice,
            );
            for rater in 1..=2 {
                let name = format!("reader{rater}/{case}.png");
                mask(root.path(), &name, rater, [255, 0]);
            }
        }
    }
    let (draft, definition, dataset) = opened(root.path());
    assert_tells(
        &draft.text,
        &["{ below = 128 }", "is the smaller one 0 the foreground?"],
    );
    assert!(definition.patient.is_some(), "{}", draft.text);
    assert_eq!(check(&dataset).patients, 4);
    write_png(
        &root.path().join("reader1/P01_slice1.png"),
        16,
        12,
        |x, _| (x / 6) as u8,
    );
    let draft = mrprism_raters::dataset::draft(root.path()).unwrap();
    assert_tells(
        &draft.text,
        &["equals = [1, 2, 255]", "which of them are foreground?"],
    );
}

#[test]
fn nifti_folders() {
    let root = folder();
    for (seed, case) in CASES.iter().enumerate() {
        let values: Vec<f32> = (0..80).map(|i| ((i * (seed + 3)) % 79) as f32).collect();
        write_nifti(
            &root.path().join(format!("{case}/ct.nii.gz")),
            &[10, 8],
            &values,
        );
        for rater in ["a", "b"] {
            let marks: Vec<f32> = (0..80)
                .map(|i| f32::from(u8::from(i % 10 < 4 + usize::from(rater == "b"))))
                .collect();
            let path = root.path().join(format!("{case}/seg_{rater}.nii.gz"));
            write_nifti(&path, &[10, 8], &marks);
        }
    }
    let (draft, definition, dataset) = opened(root.path());
    assert_eq!(
        definition.masks.as_deref(),
        Some("{case}/seg_{rater}.nii.gz")
    );
    assert_eq!(
        (definition.foreground, dataset.rater_names().len()),
        (None, 2)
    );
    assert!(draft.text.contains("percentile:1:99"), "{}", draft.text);
}

#[test]
fn published_layouts_are_told_by_their_form() {
    let root = folder();
    qubiq(root.path(), 6, 3);
    let (_, definition, dataset) = opened(root.path());
    assert_eq!(definition.form, DatasetForm::Qubiq);
    assert_eq!(definition.tasks, ["01", "02"]);
    assert_eq!(dataset.case_names().len(), 6);
    let above = folder();
    qubiq(&above.path().join("brain"), 3, 2);
    let error = draft(above.path()).unwrap_err().to_string();
    assert_tells(&error, &["lies further down", "brain"]);
    let root = folder();
    for slice in 0..3 {
        let nodule = root.path().join("LIDC-IDRI-0001/nodule-0");
        image(&nodule, &format!("images/slice-{slice}.png"), slice);
        for reader in 0..4 {
            let name = format!("mask-{reader}/slice-{slice}.png");
            mask(&nodule, &name, reader, [0, 255]);
        }
    }
    let told = match draft(root.path()) {
        Ok(draft) => draft.text,
        Err(error) => error.to_string(),
    };
    assert_tells(&told, &["lidc"]);
}

#[test]
fn folders_that_cannot_be_told_are_refused_with_what_was_seen() {
    let root = folder();
    let error = draft(root.path()).unwrap_err().to_string();
    assert_tells(
        &error,
        &["no rater's mask", "saw 0 files", "CASE_rater1.png"],
    );
    for (seed, case) in CASES.iter().enumerate() {
        image(root.path(), &format!("{case}.png"), seed as u32);
    }
    let error = draft(root.path()).unwrap_err().to_string();
    assert_tells(&error, &["0 files whose pixels are masks and 8 others"]);
    for case in CASES {
        for rater in 1..=2 {
            let name = format!("masks/{rater}/other{case}x.png");
            mask(root.path(), &name, rater, [0, 255]);
        }
    }
    let error = draft(root.path()).unwrap_err().to_string();
    assert_tells(
        &error,
        &["masks of 8 cases were found", "no images with these names"],
    );
}

#[test]
fn cfos_is_drafted_as_it_is() {
    let Some(root) = real_data("cfos_is_drafted_as_it_is", "cfos") else {
        return;
    };
    let (draft, definition, dataset) = opened(&root);
    assert_eq!(
        definition.masks.as_deref(),
        Some("labels/expert_{rater}/{case}_cFOS.png")
    );
    assert_eq!(
        definition.arbitrated.as_deref(),
        Some("labels/est_GT/{case}_cFOS.png")
    );
    assert_eq!(
        (dataset.case_names().len(), dataset.rater_names().len()),
        (36, 5)
    );
    assert_tells(
        &draft.text,
        &["arbitrated_kind = \"staple\"", "{ above = 127 }"],
    );
}

#[test]
fn brain_growth_is_drafted_as_qubiq() {
    let name = "qubiq/brain-growth";
    let Some(root) = real_data("brain_growth_is_drafted_as_qubiq", name) else {
        return;
    };
    let (_, definition, dataset) = opened(&root);
    assert_eq!(definition.form, DatasetForm::Qubiq);
    assert_eq!(
        (dataset.case_names().len(), dataset.rater_names().len()),
        (39, 7)
    );
}
