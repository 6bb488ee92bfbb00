//! `mrprism score` on files: what is printed, and what is refused with exit code 2.

use std::path::Path;
use std::process::{Command, Output};

fn score(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mrprism"))
        .arg("score")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .expect("the command starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A NIfTI slice of floats, 4 columns a row.
fn slice(folder: &Path, name: &str, values: &[f32]) {
    let mut bytes = vec![0_u8; 352];
    let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
    put(0, &348_i32.to_le_bytes());
    for (axis, length) in [2, 4, values.len() as u16 / 4].iter().enumerate() {
        put(40 + 2 * axis, &length.to_le_bytes());
    }
    put(70, &16_i16.to_le_bytes());
    put(72, &32_i16.to_le_bytes());
    put(108, &352_f32.to_le_bytes());
    put(344, b"n+1\0");
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    std::fs::write(folder.join(name), bytes).expect("written");
}

/// A map that marks two pixels, one that marks one, and three raters who mark two, three and none of eight.
fn files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let marks = |count: usize, value: f32| {
        let of = |pixel| if pixel < count { value } else { 0.0 };
        (0..8).map(of).collect::<Vec<f32>>()
    };
    slice(folder.path(), "map.nii", &marks(2, 0.8));
    slice(folder.path(), "other.nii", &marks(1, 1.0));
    for (rater, count) in [2, 3, 0].into_iter().enumerate() {
        slice(
            folder.path(),
            &format!("r{}.nii", rater + 1),
            &marks(count, 3.0),
        );
    }
    slice(folder.path(), "large.nii", &[0.0; 16]);
    folder
}

const RATERS: [&str; 4] = ["--rater", "r1.nii", "r2.nii", "r3.nii"];

fn value(scores: &serde_json::Value, output: &str, reference: &str, metric: &str) -> f64 {
    let found = scores["scores"]
        .as_array()
        .expect("scores")
        .iter()
        .find(|score| {
            score["output"] == output
                && score["reference"] == reference
                && score["metric"] == metric
        });
    found.expect(metric)["value"].as_f64().expect("a number")
}

#[test]
fn json_holds_numbers_rules_and_the_reliability_curve() {
    let folder = files();
    let metrics = "dice,hausdorff_95,ece,ged_squared,head_to_rater_dice,fleiss_kappa";
    let arguments = [
        &["--pred", "map.nii", "other.nii"],
        &RATERS[..],
        &["--metric", metrics, "--json"],
    ];
    let output = score(folder.path(), &arguments.concat());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let scores: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let of = |output, reference, metric| value(&scores, output, reference, metric);
    let near = |value: f64, expected: f64| (value - expected).abs() < 1e-6;
    // Two of three raters mark the first two pixels.
    assert!(near(of("hypothesis:1", "majority", "dice@1"), 1.0));
    assert!(near(of("hypothesis:2", "mean", "dice@1"), 2.0 / 3.0));
    assert!(near(
        of("hypothesis:2", "rater:2", "head_to_rater_dice@1"),
        0.5
    ));
    assert!(near(
        of("hypothesis:1", "rater:3", "hausdorff_95@1"),
        20.0_f64.sqrt()
    ));
    assert!(near(of("rater:1", "leave-one-out:1", "dice@1"), 0.0));
    // The map says 0.8 where two thirds of the raters mark, and 0 where one of 18 does.
    let gap = (2.0 * (0.8 - 2.0 / 3.0) + 6.0 / 18.0) / 8.0;
    assert!(near(of("hypothesis:1", "mean", "ece@1"), gap));
    assert!(of("prediction", "rater-set", "ged_squared@1") > 0.0);
    assert!(of("rater-set", "alone", "fleiss_kappa@1") < 1.0);
    assert_eq!(scores["reliability"].as_array().map(Vec::len), Some(2));
    assert_eq!(scores["reliability"][0]["bins"][7]["count"], 2);
    let units: Vec<_> = scores["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .map(|rule| &rule["unit"])
        .collect();
    assert!(units.iter().any(|unit| *unit == "pixels"), "{units:?}");
}

#[test]
fn text_stands_with_its_rules_and_csv_holds_fractions() {
    let folder = files();
    let text = said(&score(
        folder.path(),
        &[&["--pred", "map.nii"], &RATERS[..]].concat(),
    ));
    for part in [
        "1 prediction(s) against 3 rater(s), 4 x 2 pixels",
        "leave-one-out:3",
        "rater:1",
        "- hausdorff_95@1: > 0.5",
        "one empty: the image's",
        "4.47 px",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 110),
        "{text}"
    );
    let arguments = ["--reference", "rater:1"];
    assert_eq!(
        score(
            folder.path(),
            &[&["--pred", "map.nii"], &RATERS[..], &arguments].concat()
        )
        .status
        .code(),
        Some(2)
    );
    let arguments = ["--reference", "majority", "--metric", "iou", "--csv"];
    let csv = said(&score(
        folder.path(),
        &[&["--pred", "map.nii"], &RATERS[..], &arguments].concat(),
    ));
    assert_eq!(
        csv,
        "output,reference,metric,value\nprediction,majority,iou@1,1\nprediction,alone,area@1,0.25\n"
    );
}

#[test]
fn an_arbitrated_mask_and_a_rule_for_labels_are_followed() {
    let folder = files();
    let arguments = [
        "--pred",
        "r1.nii",
        "--pred-foreground",
        "equals:3",
        "--rater",
        "r2.nii",
        "--foreground",
        "above:1",
        "--arbitrated",
        "r1.nii",
        "--metric",
        "dice",
        "--csv",
    ];
    let output = score(folder.path(), &arguments);
    let csv = said(&output);
    assert!(
        csv.contains("prediction,arbitrated,dice@1,1\n"),
        "{}{csv}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(csv.contains("prediction,rater:1,dice@1,0.8\n"), "{csv}");
    assert!(!csv.contains("leave-one-out"), "{csv}");
}

#[test]
fn the_list_names_every_metric_with_its_source() {
    let folder = files();
    let list = said(&score(folder.path(), &["--list"]));
    for part in [
        "soft_dice",
        "fleiss_kappa",
        "Fleiss 1971",
        "lower is better",
        "confidence_spread",
    ] {
        assert!(list.contains(part), "{part}\n{list}");
    }
}

#[test]
fn wrong_use_ends_with_2_and_says_what_to_do() {
    let folder = files();
    let refused = |arguments: &[&str], parts: &[&str]| {
        let output = score(folder.path(), arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty());
        for part in parts {
            assert!(errors.contains(part), "{part}\n{errors}");
        }
    };
    refused(&["--pred", "map.nii"], &["--rater"]);
    refused(
        &["--pred", "none.nii", "--rater", "r1.nii"],
        &["cannot read none.nii"],
    );
    refused(
        &["--pred", "large.nii", "--rater", "r1.nii"],
        &["4x4", "one size"],
    );
    refused(
        &["--pred", "map.nii", "--rater", "r1.nii", "large.nii"],
        &["rater 2's mask"],
    );
    refused(
        &["--pred", "r1.nii", "--rater", "r1.nii"],
        &["the value 3", "read the file as a mask"],
    );
    let one = ["--pred", "map.nii", "--rater", "r1.nii"];
    let with = |more: &[&'static str]| [&one[..], more].concat();
    refused(
        &with(&["--metric", "fleiss_kappa"]),
        &["fleiss_kappa", "two files or more after --rater"],
    );
    refused(
        &with(&["--metric", "head_to_rater_dice"]),
        &["two files or more after --pred"],
    );
    refused(&with(&["--metric", "hausdorf"]), &["hausdorff_95"]);
    refused(
        &with(&["--reference", "arbitrated"]),
        &["--arbitrated FILE"],
    );
    refused(
        &with(&["--reference", "leave_one_out"]),
        &["two raters or more"],
    );
    refused(&with(&["--foreground", "127"]), &["above:NUMBER"]);
    refused(&with(&["--json", "--csv"]), &["cannot be used with"]);
}
