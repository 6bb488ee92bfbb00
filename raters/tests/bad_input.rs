//! Data that are wrong: each told in a sentence that names the file and what to do.

mod support;

use mrprism_raters::dataset::{Dataset, check};
use mrprism_raters::read::parse_definition;
use support::{
    assert_tells, gzip, nifti_bytes, pictures_definition, qubiq_definition, refusal,
    small_pictures, small_qubiq, write_bytes, write_nifti, write_png,
};

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
    assert_eq!(report.faults[0].items, [sentence]);
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
        (with(344, b"ni1\0"), "header and voxels as one"),
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
        (
            nifti_bytes(&[30000, 30000], &voxels, 0.0, 0.0),
            "more than 67108864 voxels",
        ),
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
