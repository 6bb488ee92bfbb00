//! What a check finds: every fault here was planted.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

mod support;

use std::path::Path;

use image::imageops::{FilterType, resize};
use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use mrprism_raters::dataset::{CheckReport, Dataset, FindingKind, check};
use support::definition;

const SIDE: u32 = 96;

/// A number in 0..1 from a few whole ones.
fn draw(words: [u64; 3]) -> f64 {
    let mixed = words.iter().fold(0_u64, |key, word| {
        let mut z = (key ^ word).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    });
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

/// A few soft blobs: every case another picture.
fn picture(case: u64) -> GrayImage {
    GrayImage::from_fn(SIDE, SIDE, |x, y| {
        let light: f64 = (0..7)
            .map(|blob| {
                let at = |axis| draw([case, blob, axis]) * f64::from(SIDE);
                let distance = (f64::from(x) - at(0)).powi(2) + (f64::from(y) - at(1)).powi(2);
                (-distance / (30.0 + 250.0 * draw([case, blob, 2]))).exp()
            })
            .sum();
        Luma([(light * 120.0).min(255.0) as u8])
    })
}

/// A disc: rater 1 draws tightly, rater 2 well, rater 3 widely, each with a little luck.
fn disc(case: u64, rater: u64) -> GrayImage {
    let radius = [16.0, 20.0, 25.0][rater as usize - 1] + 2.0 * draw([case, rater, 9]);
    let middle = f64::from(SIDE) / 2.0 + 4.0 * draw([case, 3, 9]);
    GrayImage::from_fn(SIDE, SIDE, |x, y| {
        let inside = (f64::from(x) - middle).hypot(f64::from(y) - middle) < radius;
        Luma([if inside { 255 } else { 0 }])
    })
}

fn save(root: &Path, name: &str, picture: &GrayImage) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture.save(path).unwrap();
}

fn mask(rater: u64, name: &str) -> String {
    format!("masks/{rater}/{name}.png")
}

/// Sixteen cases `a00` to `a15`, three raters; nothing is wrong with them.
fn sound() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for case in 0..16 {
        let name = format!("a{case:02}");
        save(root.path(), &format!("images/{name}.png"), &picture(case));
        for rater in 1..=3 {
            save(root.path(), &mask(rater, &name), &disc(case, rater));
        }
    }
    root
}

/// The check with the last four cases as test, the two before as validation.
fn looked_at(root: &Path, more: &str) -> CheckReport {
    let definition = definition(&format!(
        r#"
        name = "planted"
        image = "images/{{case}}.png"
        masks = "masks/{{rater}}/{{case}}.png"
        structures = ["disc"]
        raters = "stable"
        foreground = {{ above = 127 }}
        intensity = "minmax"
        {more}
        "#
    ));
    check(&Dataset::open(&definition, Some(root)).unwrap())
}

const SPLIT: &str =
    r#"split = { test = ["a12", "a13", "a14", "a15"], validation = ["a10", "a11"] }"#;

#[track_caller]
fn items(report: &CheckReport, kind: FindingKind) -> Vec<String> {
    let mut all = report.faults.iter().chain(&report.warnings);
    let found = all.find(|finding| finding.kind == kind);
    assert!(found.is_some(), "{kind:?} was not found:\n{report}");
    found.unwrap().items.clone()
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let root = sound();
    let report = looked_at(root.path(), SPLIT);
    assert_eq!(
        (report.faults.as_slice(), report.warnings.as_slice()),
        (&[][..], &[][..])
    );
    assert_eq!(report.patients, 16);
}

#[test]
fn near_duplicates_across_splits_are_faults_however_they_were_made() {
    let original = picture(3);
    let small = resize(&original, 70, 70, FilterType::Triangle);
    let noisy = GrayImage::from_fn(SIDE, SIDE, |x, y| {
        let noise = 25.0 * (draw([u64::from(x), u64::from(y), 1]) - 0.5);
        Luma([(f64::from(original[(x, y)][0]) + noise).clamp(0.0, 255.0) as u8])
    });
    let bright = GrayImage::from_fn(SIDE, SIDE, |x, y| {
        Luma([(f64::from(original[(x, y)][0]) * 0.6 + 40.0) as u8])
    });
    let mut compressed = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(original.clone())
        .write_to(&mut compressed, ImageFormat::Jpeg)
        .unwrap();
    let compressed = image::load_from_memory(compressed.get_ref())
        .unwrap()
        .to_luma8();
    assert_ne!(compressed, original);
    for (how, copy) in [
        ("scaled", small),
        ("noisy", noisy),
        ("bright", bright),
        ("compressed", compressed),
    ] {
        let root = sound();
        save(root.path(), "images/a14.png", &copy);
        for rater in 1..=3 {
            let side = copy.width();
            let mask_of_copy = resize(&disc(14, rater), side, side, FilterType::Nearest);
            save(root.path(), &mask(rater, "a14"), &mask_of_copy);
        }
        let report = looked_at(root.path(), SPLIT);
        let found = items(&report, FindingKind::DuplicateAcrossSplits);
        assert_eq!(found.len(), 1, "{how}: {report}");
        assert!(
            found[0].starts_with("a03 (train), a14 (test): "),
            "{how}: {found:?}"
        );
        assert!(!report.is_sound());
    }
}

#[test]
fn near_duplicates_of_one_patient_are_not_told_and_equal_ones_are() {
    let by_patient = r#"
        patient = "^(?P<patient>a0|a1)"
        split = { test = ["a1"] }"#;
    let root = sound();
    save(
        root.path(),
        "images/a07.png",
        &image::imageops::blur(&picture(3), 1.0),
    );
    let report = looked_at(root.path(), by_patient);
    assert!(report.is_sound(), "{report}");
    let told = report
        .warnings
        .iter()
        .any(|w| w.kind == FindingKind::Duplicate);
    assert!(!told, "{report}");
    save(root.path(), "images/a07.png", &picture(3));
    let report = looked_at(root.path(), by_patient);
    assert_eq!(
        items(&report, FindingKind::Duplicate),
        ["a03 (train), a07 (train): the same pixels"]
    );
    assert_eq!(report.patients, 2);
}

#[test]
fn a_patient_in_two_splits_is_named() {
    let root = tempfile::tempdir().unwrap();
    for case in 0..12 {
        let name = format!("P{:02}_slice{}", case / 3, case % 3);
        save(root.path(), &format!("images/{name}.png"), &picture(case));
        for rater in 1..=3 {
            save(root.path(), &mask(rater, &name), &disc(case, rater));
        }
    }
    let lists = r#"split = { test = ["P03_slice0", "P03_slice1", "P03_slice2", "P02_slice2"], validation = ["P00_slice1"] }"#;
    let report = looked_at(root.path(), lists);
    assert_eq!(
        items(&report, FindingKind::PatientInTwoSplits),
        ["P00… (train, validation)", "P02… (test, train)"]
    );
    let by_patient = r#"
        patient = "^(?P<patient>P[0-9]+)"
        split = { test = ["P03"], validation = ["P00"] }"#;
    let report = looked_at(root.path(), by_patient);
    assert_eq!(report.warnings, [], "{report}");
}

#[test]
fn exchanged_raters_are_found_with_the_cases() {
    let root = sound();
    for case in 4..9 {
        let name = format!("a{case:02}");
        save(root.path(), &mask(1, &name), &disc(case, 3));
        save(root.path(), &mask(3, &name), &disc(case, 1));
    }
    let report = looked_at(root.path(), SPLIT);
    assert_eq!(
        items(&report, FindingKind::SwappedRaters),
        ["raters 1 and 3 in a04 to a08 (5 cases)"]
    );
    // Slots of exchangeable raters have no habits.
    let exchangeable = looked_at_exchangeable(root.path());
    assert_eq!(exchangeable.warnings, [], "{exchangeable}");
}

fn looked_at_exchangeable(root: &Path) -> CheckReport {
    let mut definition = definition(&format!(
        r#"
        name = "planted"
        image = "images/{{case}}.png"
        masks = "masks/{{rater}}/{{case}}.png"
        structures = ["disc"]
        raters = "exchangeable"
        foreground = {{ above = 127 }}
        intensity = "minmax"
        {SPLIT}
        "#
    ));
    definition.folds = 3;
    check(&Dataset::open(&definition, Some(root)).unwrap())
}

#[test]
fn a_copied_folder_is_a_fault_and_single_copies_are_told() {
    let root = sound();
    for case in 0..16 {
        save(
            root.path(),
            &mask(2, &format!("a{case:02}")),
            &disc(case, 3),
        );
    }
    let report = looked_at(root.path(), SPLIT);
    assert_eq!(
        items(&report, FindingKind::CopiedRater),
        ["raters 2 and 3: all 16 cases"]
    );
    assert!(!report.is_sound());
    let root = sound();
    save(root.path(), &mask(2, "a05"), &disc(5, 3));
    let report = looked_at(root.path(), SPLIT);
    assert_eq!(
        items(&report, FindingKind::EqualMasks),
        ["raters 2 and 3: 1 of 16 cases, a05"]
    );
    assert!(report.is_sound());
}

#[test]
fn a_rater_who_leaves_the_own_habit_is_told() {
    let root = sound();
    for case in 2..6 {
        let wide = GrayImage::from_fn(SIDE, SIDE, |x, y| {
            Luma([if x > 2 && y > 2 { 255 } else { 0 }])
        });
        save(root.path(), &mask(2, &format!("a{case:02}")), &wide);
    }
    let report = looked_at(root.path(), SPLIT);
    let found = items(&report, FindingKind::OddAreas);
    assert!(
        found
            .iter()
            .any(|item| item == "rater 2 draws 'disc' unusually large in a02 to a05 (4 cases)"),
        "{found:?}"
    );
}

#[test]
fn empty_masks_blank_images_and_inverted_masks_are_named() {
    let root = sound();
    save(root.path(), &mask(3, "a01"), &GrayImage::new(SIDE, SIDE));
    save(root.path(), "images/a02.png", &GrayImage::new(SIDE, SIDE));
    let report = looked_at(root.path(), SPLIT);
    assert_eq!(items(&report, FindingKind::EmptyMasks), ["a01 rater 3"]);
    assert_eq!(items(&report, FindingKind::ConstantImage), ["a02"]);
    for case in 0..16 {
        for rater in 1..=3 {
            let mut inverted = disc(case, rater);
            image::imageops::invert(&mut inverted);
            save(root.path(), &mask(rater, &format!("a{case:02}")), &inverted);
        }
    }
    let report = looked_at(root.path(), SPLIT);
    let inverted = report
        .warnings
        .iter()
        .find(|warning| warning.kind == FindingKind::InvertedMasks)
        .unwrap();
    assert!(inverted.what.starts_with("48 of 48 masks"), "{inverted}");
}

#[test]
fn a_report_stays_short_and_its_json_is_whole() {
    let root = sound();
    for case in 0..16 {
        let empty = GrayImage::new(SIDE, SIDE);
        save(root.path(), &mask(1, &format!("a{case:02}")), &empty);
    }
    let report = looked_at(root.path(), SPLIT);
    let printed = report.to_string();
    assert!(printed.contains("a03 rater 1 +12 more"), "{printed}");
    assert!(printed.lines().count() < 25, "{printed}");
    let json = serde_json::to_value(&report).unwrap();
    let finding = &json["warnings"][0];
    assert_eq!(finding["kind"], "empty-masks");
    assert_eq!(finding["items"].as_array().unwrap().len(), 16);
    assert_eq!(json["structures"][0]["pairs"].as_array().unwrap().len(), 3);
}
