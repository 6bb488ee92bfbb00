//! `mrprism fuse`: files in, one file out; and what it refuses.

use std::path::Path;
use std::process::{Command, Output};

use mrprism_raters::read::{read_map_file, read_mask_file};
use mrprism_raters::write::write_mask_file;

/// Runs `mrprism fuse` in a folder, with no home and no environment of ours.
fn fuse(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mrprism"))
        .arg("fuse")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .expect("the command starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Raters who mark the first 2, 3 and 4 of eight columns, in files of 0 and 255.
fn three_masks() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (rater, width) in [2, 3, 4].into_iter().enumerate() {
        write(folder.path(), &format!("r{}.png", rater + 1), 8, width);
    }
    folder
}

fn write(folder: &Path, name: &str, columns: usize, width: usize) {
    let pixels = (0..6 * columns).map(|pixel| u8::from(pixel % columns < width));
    let mask = ndarray::Array2::from_shape_vec((6, columns), pixels.collect()).expect("a mask");
    write_mask_file(&folder.join(name), &mask).expect("written");
}

const MASKS: [&str; 4] = ["--mask", "r1.png", "r2.png", "r3.png"];

#[test]
fn masks_become_one_and_each_rater_gets_numbers() {
    let folder = three_masks();
    let mut arguments = vec!["--method", "mean", "--out", "fused.png"];
    arguments.extend(MASKS);
    let output = fuse(folder.path(), &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    insta::assert_snapshot!("fuse-mean", text(&output.stdout));
    let map = read_map_file(&folder.path().join("fused.png")).expect("a map");
    let third = 1.0 / 3.0;
    let expected = [1.0, 1.0, 2.0 * third, third, 0.0, 0.0, 0.0, 0.0];
    for (found, expected) in map.row(0).iter().zip(expected) {
        assert!((found - expected).abs() < 1e-4, "{found} {expected}");
    }
}

#[test]
fn staple_says_what_it_found_as_json_and_writes_a_hard_mask_where_asked() {
    let folder = three_masks();
    let mut arguments = vec![
        "--method",
        "staple",
        "--out",
        "fused.png",
        "--threshold",
        "0.5",
    ];
    arguments.extend(["--json", "--foreground", "above:127", "--margin", "1"]);
    arguments.extend(MASKS);
    let output = fuse(folder.path(), &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["schema"], "mrprism.fusion/1");
    assert_eq!(report["method"], "staple");
    assert_eq!(report["converged"], true);
    assert_eq!(report["raters"][1]["area"], 0.375);
    let dice = report["pairwise_dice"][0]["dice"]
        .as_f64()
        .expect("a number");
    assert!((dice - 0.8).abs() < 1e-12, "{dice}");
    // The middle rater agrees with the fused mask, the others miss or add a column.
    assert!(report["raters"][1]["sensitivity"].as_f64() > Some(0.99));
    assert!(report["raters"][0]["sensitivity"].as_f64() < Some(0.8));
    assert!(report["raters"][2]["specificity"].as_f64() < Some(0.9));
    let mask = read_mask_file(&folder.path().join("fused.png"), None).expect("a mask");
    let second = read_mask_file(&folder.path().join("r2.png"), None).expect("a mask");
    assert_eq!(mask, second);
}

/// What a wrong call says; it must write nothing.
#[track_caller]
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let before = std::fs::read_dir(folder).expect("listed").count();
    let output = fuse(folder, arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(output.stdout.is_empty());
    let after = std::fs::read_dir(folder).expect("listed").count();
    assert_eq!(before, after, "something was written");
    said
}

#[test]
fn wrong_use_is_refused_and_writes_nothing() {
    let folder = three_masks();
    write(folder.path(), "small.png", 6, 2);
    let out = ["--out", "fused.png"];
    let cases: [(&[&str], &str); 8] = [
        (&["--method", "staple"], "--mask"),
        (
            &["--method", "stable", "--mask", "r1.png", "--out", "f.png"],
            "dawid_skene",
        ),
        (&["--method", "staple", "--mask", "r1.png"], "--out"),
        (&["--mask", "r1.png", out[0], out[1]], "give one --method"),
        (
            &[
                "--method", "mean", "--mask", "r1.png", "none.png", out[0], out[1],
            ],
            "none.png",
        ),
        (
            &[
                "--method",
                "mean",
                "--mask",
                "r1.png",
                "small.png",
                out[0],
                out[1],
            ],
            "mask 2 has 6x6 pixels and mask 1 8x6",
        ),
        (
            &[
                "--method", "mean", "--margin", "3", "--mask", "r1.png", out[0], out[1],
            ],
            "belongs to staple",
        ),
        (
            &[
                "--method",
                "mean",
                "--foreground",
                "over:1",
                "--mask",
                "r1.png",
                out[0],
                out[1],
            ],
            "above:NUMBER",
        ),
    ];
    for (arguments, expected) in cases {
        let said = refused(folder.path(), arguments);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}

#[test]
fn what_exists_is_kept_unless_force_says_otherwise() {
    let folder = three_masks();
    let before = std::fs::read(folder.path().join("r3.png")).expect("read");
    let arguments = [
        "--method",
        "majority",
        "--threshold",
        "0.5",
        "--out",
        "r3.png",
        "--mask",
        "r1.png",
        "r2.png",
    ];
    let said = refused(folder.path(), &arguments);
    assert!(said.contains("--force"), "{said}");
    assert_eq!(
        before,
        std::fs::read(folder.path().join("r3.png")).expect("read")
    );
    let output = fuse(folder.path(), &[&arguments[..], &["--force"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_ne!(
        before,
        std::fs::read(folder.path().join("r3.png")).expect("read")
    );
}

#[test]
fn a_name_that_is_no_png_is_refused() {
    let folder = three_masks();
    let said = refused(
        folder.path(),
        &[
            "--method",
            "mean",
            "--mask",
            "r1.png",
            "--out",
            "fused.tiff",
        ],
    );
    assert!(said.contains(".png"), "{said}");
}

#[test]
fn a_phantoms_fusions_are_scored_against_raters_and_the_generators_mask() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = fuse(
        folder.path(),
        &[
            "--dataset",
            "phantom",
            "--method",
            "staple",
            "--method",
            "mean",
            "--json",
        ],
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let cells = report["cells"].as_array().expect("cells");
    // Two structures, two methods, two references.
    assert_eq!(cells.len(), 8);
    assert!(cells.iter().all(|cell| cell["n_cases"] == 76));
    assert!(
        cells
            .iter()
            .all(|cell| (0.5..=1.0).contains(&cell["mean"].as_f64().expect("a number")))
    );
    let scores = report["scores"].as_array().expect("scores");
    assert_eq!(scores.len(), 76 * 2 * 2 * (5 + 1));
    assert_eq!(scores[0]["output"], "fusion:mean");
    let output = fuse(
        folder.path(),
        &["--dataset", "phantom", "--method", "majority"],
    );
    let table = text(&output.stdout);
    assert!(
        table.contains("leave-one-rater-out") && table.contains("arbitrated"),
        "{table}"
    );
    let said = refused(folder.path(), &["--dataset", "fantom"]);
    assert!(said.contains("mrprism data list"), "{said}");
}
