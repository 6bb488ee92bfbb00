//! Data that are wrong: each told in a sentence that names the file and what to do.

mod support;

use std::path::Path;

use mrprism_protocol::spec::DatasetFile;
use mrprism_raters::dataset::{Dataset, check};
use mrprism_raters::read::parse_definition;
use support::{
    built_in, gzip, nifti_bytes, pictures, pictures_definition, qubiq, qubiq_definition,
    write_bytes, write_nifti, write_png,
};

/// The sentence that opening and decoding ends with.
fn refusal(definition: &DatasetFile, root: Option<&Path>) -> String {
    let opened = Dataset::open(definition, root);
    opened
        .and_then(|dataset| dataset.splits(8, None))
        .unwrap_err()
        .to_string()
}

fn assert_tells(sentence: &str, parts: &[&str]) {
    for part in parts {
        assert!(sentence.contains(part), "'{part}' is not in: {sentence}");
    }
}

fn small_qubiq() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    qubiq(root.path(), 3, 2);
    root
}

fn small_pictures() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    pictures(root.path(), &["a", "b", "c", "d"], 2);
    root
}

#[test]
fn a_mask_of_another_size_than_its_image() {
    let root = small_pictures();
    write_png(&root.path().join("masks/2/b.png"), 6, 8, |_, _| 0);
    let sentence = refusal(&pictures_definition(), Some(root.path()));
    assert_tells(
        &sentence,
        &[
            "case 'b'",
            "masks/2/b.png has 6x8",
            "images/b.png 8x6",
            "export",
        ],
    );
    let report = check(&Dataset::open(&pictures_definition(), Some(root.path())).unwrap());
    assert_eq!(report.faults, [sentence]);
    assert!(report.to_string().contains("not usable"));
}

#[test]
fn a_broken_nifti_file() {
    let voxels = vec![1.0; 48];
    let sound = nifti_bytes(&[8, 6, 1], &voxels, 0.0, 0.0);
    let with = |offset: usize, field: &[u8]| {
        let mut bytes = sound.clone();
        bytes[offset..offset + field.len()].copy_from_slice(field);
        bytes
    };
    let broken = [
        (Vec::new(), "no whole NIfTI header"),
        (b"not an image at all".to_vec(), "no whole NIfTI header"),
        (sound[..300].to_vec(), "no whole NIfTI header"),
        (sound[..400].to_vec(), "cut off: 48 of 192 bytes"),
        (gzip(&sound)[..60].to_vec(), "incomplete deflate stream"),
        (with(344, b"xx1\0"), "no NIfTI header"),
        (with(344, b"ni1\0"), "header and voxels in one"),
        (with(40, &9_u16.to_le_bytes()), "no"),
        (with(42, &0_u16.to_le_bytes()), "dimensions"),
        (with(46, &5_u16.to_le_bytes()), "cut off"),
        (with(70, &128_i16.to_le_bytes()), "Rgb24"),
        (with(70, &77_i16.to_le_bytes()), "voxel type"),
        (with(108, &f32::NAN.to_le_bytes()), "begin at byte"),
        (with(108, &0_f32.to_le_bytes()), "begin at byte 0"),
        (
            nifti_bytes(&[8, 6, 30], &vec![0.0; 1440], 0.0, 0.0),
            "8 x 6 x 30",
        ),
        (nifti_bytes(&[30000, 30000], &voxels, 0.0, 0.0), "1 GiB"),
    ];
    for (bytes, told) in broken {
        let root = small_qubiq();
        let path = root.path().join("Training/case02/image.nii.gz");
        write_bytes(&path, &bytes);
        let sentence = refusal(&qubiq_definition(), Some(root.path()));
        assert_tells(&sentence, &["case02/image.nii.gz", told]);
    }
    let root = small_qubiq();
    write_nifti(
        &root.path().join("Training/case01/task01_seg01.nii.gz"),
        &[8, 6, 1, 2],
        &[1.0; 96],
    );
    assert_tells(
        &refusal(&qubiq_definition(), Some(root.path())),
        &["task01_seg01", "one channel"],
    );
}

#[test]
fn a_picture_that_is_none() {
    let root = small_pictures();
    write_bytes(&root.path().join("images/c.png"), b"GIF89a and more");
    assert_tells(
        &refusal(&pictures_definition(), Some(root.path())),
        &["images/c.png", "no PNG, TIFF, BMP or JPEG"],
    );
    let root = small_pictures();
    let path = root.path().join("images/c.png");
    let whole = std::fs::read(&path).unwrap();
    write_bytes(&path, &whole[..whole.len() / 2]);
    assert_tells(
        &refusal(&pictures_definition(), Some(root.path())),
        &["images/c.png", "replace the file"],
    );
}

#[test]
fn a_rater_with_masks_of_some_structures_only() {
    let root = small_qubiq();
    std::fs::remove_file(root.path().join("Training/case02/task02_seg01.nii.gz")).unwrap();
    let sentence = refusal(&qubiq_definition(), Some(root.path()));
    assert_tells(
        &sentence,
        &[
            "case 'case02'",
            "rater '01'",
            "Training/case02/task02_seg01.nii.gz is missing",
        ],
    );
}

#[test]
fn a_case_that_nobody_marked() {
    let root = small_pictures();
    for rater in 1..=2 {
        std::fs::remove_file(root.path().join(format!("masks/{rater}/c.png"))).unwrap();
    }
    let sentence = refusal(&pictures_definition(), Some(root.path()));
    assert_tells(&sentence, &["case 'c'", "no rater marked images/c.png"]);
}

#[test]
fn a_case_folder_without_an_image() {
    let root = small_qubiq();
    std::fs::remove_file(root.path().join("Training/case01/image.nii.gz")).unwrap();
    let sentence = refusal(&qubiq_definition(), Some(root.path()));
    assert_tells(
        &sentence,
        &["case 'case01'", "Training/case01/image.nii.gz is missing"],
    );
}

#[test]
fn an_empty_folder_a_missing_folder_and_no_folder() {
    let root = tempfile::tempdir().unwrap();
    assert_tells(
        &refusal(&qubiq_definition(), Some(root.path())),
        &["no case in", "Training/caseNN/image.nii.gz"],
    );
    assert_tells(
        &refusal(&pictures_definition(), Some(root.path())),
        &["no case in", "images/{case}.png"],
    );
    let gone = root.path().join("gone");
    assert_tells(
        &refusal(&pictures_definition(), Some(&gone)),
        &["cannot open", "gone"],
    );
    assert_tells(
        &refusal(&pictures_definition(), None),
        &["no folder was given", "[data.roots]"],
    );
    assert_tells(
        &parse_definition(root.path()).unwrap_err().to_string(),
        &["cannot read", "dataset.toml"],
    );
}

#[test]
fn no_raters_at_all() {
    let root = small_pictures();
    std::fs::remove_dir_all(root.path().join("masks")).unwrap();
    let sentence = refusal(&pictures_definition(), Some(root.path()));
    assert_tells(
        &sentence,
        &["no rater's mask in", "masks/{rater}/{case}.png"],
    );
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out() {
    let outside = small_pictures();
    let root = small_pictures();
    let link = root.path().join("masks/1/a.png");
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(outside.path().join("masks/1/a.png"), &link).unwrap();
    assert_tells(
        &refusal(&pictures_definition(), Some(root.path())),
        &["masks/1/a.png leads out of"],
    );
    let root = small_pictures();
    std::fs::remove_dir_all(root.path().join("masks")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("masks"), root.path().join("masks")).unwrap();
    assert_tells(
        &refusal(&pictures_definition(), Some(root.path())),
        &["leads out of"],
    );
    // A link that stays inside is fine.
    let root = small_pictures();
    std::fs::rename(root.path().join("masks"), root.path().join("kept")).unwrap();
    std::os::unix::fs::symlink("kept", root.path().join("masks")).unwrap();
    Dataset::open(&pictures_definition(), Some(root.path())).unwrap();
}

#[test]
fn images_with_different_channels() {
    let root = small_qubiq();
    write_nifti(
        &root.path().join("Training/case02/image.nii.gz"),
        &[8, 6, 1, 2],
        &[0.5; 96],
    );
    assert_tells(
        &refusal(&qubiq_definition(), Some(root.path())),
        &["case 'case02'", "2 channels"],
    );
}

#[test]
fn a_typo_in_dataset_toml_is_told_with_file_and_line() {
    let root = tempfile::tempdir().unwrap();
    let text = "name = \"x\"\nstructures = [\"a\"]\nraters = \"stable\"\nintensty = \"minmax\"\n";
    write_bytes(&root.path().join("dataset.toml"), text.as_bytes());
    let sentence = parse_definition(root.path()).unwrap_err().to_string();
    assert_tells(&sentence, &["dataset.toml:4", "intensty"]);
}

#[test]
fn definitions_that_make_no_sense() {
    let root = small_pictures();
    type Change = fn(&mut DatasetFile);
    let changes: [(Change, &[&str]); 12] = [
        (|d| d.name = "a b".to_owned(), &["`name`", "letters"]),
        (|d| d.structures.clear(), &["`structures`"]),
        (
            |d| d.nested = vec!["hole".to_owned()],
            &["`nested`", "hole"],
        ),
        (
            |d| d.intensity = "bright".to_owned(),
            &["`intensity`", "percentile:1:99"],
        ),
        (
            |d| d.patient = Some("(".to_owned()),
            &["`patient`", "regular expression"],
        ),
        (
            |d| d.patient = Some("x".to_owned()),
            &["`patient`", "(?P<patient>"],
        ),
        (|d| d.foreground = None, &["`foreground`", "above = 127"]),
        (|d| d.masks = None, &["`masks`", "missing"]),
        (
            |d| d.masks = Some("masks/{case}.png".to_owned()),
            &["`masks`", "lacks {rater}"],
        ),
        (
            |d| d.masks = Some("../masks/{rater}/{case}.png".to_owned()),
            &["`masks`", "without '..'"],
        ),
        (
            |d| d.arbitrated = Some("truth/{case}.png".to_owned()),
            &["`arbitrated_kind`"],
        ),
        (
            |d| d.tasks = vec!["01".to_owned()],
            &["`tasks`", "leave it out"],
        ),
    ];
    for (change, told) in changes {
        let mut definition = pictures_definition();
        change(&mut definition);
        assert_tells(&refusal(&definition, Some(root.path())), told);
    }
    let changes: [(Change, &[&str]); 4] = [
        (|d| d.phantom = None, &["`phantom`"]),
        (
            |d| d.phantom.as_mut().unwrap().biases = vec![-2.0],
            &["`phantom.biases`", "-0.8"],
        ),
        (
            |d| d.phantom.as_mut().unwrap().jitter = f64::NAN,
            &["`phantom.jitter`"],
        ),
        (
            |d| d.image = Some("{case}.png".to_owned()),
            &["`image`", "leave it out"],
        ),
    ];
    for (change, told) in changes {
        let mut definition = built_in("phantom");
        change(&mut definition);
        assert_tells(&refusal(&definition, None), told);
    }
}

#[test]
fn arbitrated_masks_that_nobody_finds_and_that_are_half_there() {
    let root = small_pictures();
    let mut definition = pictures_definition();
    definition.arbitrated = Some("truth/{case}.png".to_owned());
    definition.arbitrated_kind = Some(mrprism_protocol::spec::ArbitratedKind::Expert);
    assert_tells(
        &refusal(&definition, Some(root.path())),
        &["no case has an arbitrated mask"],
    );
    write_png(&root.path().join("truth/b.png"), 8, 6, |_, _| 255);
    let dataset = Dataset::open(&definition, Some(root.path())).unwrap();
    let splits = dataset.splits(8, None).unwrap();
    let with_truth = [splits.train, splits.validation, splits.test]
        .into_iter()
        .flatten();
    let named: Vec<_> = with_truth
        .filter(|case| case.arbitrated.is_some())
        .map(|case| case.name)
        .collect();
    assert_eq!(named, ["b"]);
}

#[test]
fn splits_that_cannot_be_followed() {
    let root = small_pictures();
    let told = |split: &str, parts: &[&str]| {
        let text = format!(
            "name = 'x'\nstructures = ['s']\nraters = 'stable'\nintensity = 'minmax'\nsplit = {split}\n"
        );
        let mut definition = pictures_definition();
        definition.split = support::definition(&text).split;
        assert_tells(&refusal(&definition, Some(root.path())), parts);
    };
    told("{}", &["`split` is empty"]);
    told(
        "{ test = ['z'] }",
        &["'z' in `split.test` is no case", "'a' to 'd'"],
    );
    told(
        "{ test = ['a'], validation = ['a'] }",
        &["'a' stands in test and validation"],
    );
    told("{ test = ['a'], fractions = [0.5, 0.0, 0.5] }", &["one of"]);
    told("{ fractions = [0.5, 0.5, 0.5] }", &["sum to 1"]);
    told(
        "{ fractions = [1.0, 0.0, 0.0] }",
        &["no case is left for test"],
    );
    told(
        "{ test = ['a', 'b', 'c', 'd'] }",
        &["no case is left for train"],
    );
    told("{ by = 'moon' }", &["by = \"moon\"", "folder"]);
    told(
        "{ by = 'folder' }",
        &["needs a layout with a folder for each split"],
    );
    let dataset = Dataset::open(&pictures_definition(), Some(root.path())).unwrap();
    let fold = |fold| dataset.splits(8, Some(fold)).unwrap_err().to_string();
    assert_tells(&fold(3), &["no fold 3", "0 to 2"]);
    let mut definition = pictures_definition();
    definition.folds = 5;
    let dataset = Dataset::open(&definition, Some(root.path())).unwrap();
    assert_tells(
        &dataset.splits(8, Some(0)).unwrap_err().to_string(),
        &["4 patients", "5 folds"],
    );
}

#[test]
fn a_patient_whose_cases_lie_in_two_folders() {
    let root = small_qubiq();
    let mut definition = qubiq_definition();
    definition.patient = Some("^(?P<patient>case)".to_owned());
    assert_tells(
        &refusal(&definition, Some(root.path())),
        &["patient 'case' lies in two splits"],
    );
    definition.patient = Some("^(?P<patient>x[0-9]+)".to_owned());
    assert_tells(
        &refusal(&definition, Some(root.path())),
        &["case 'case01'", "`patient`"],
    );
}
