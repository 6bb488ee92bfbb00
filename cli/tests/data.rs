//! `mrprism data init`, `preview` and `check` from the outside: files written, none overwritten, exit codes.

use std::path::Path;
use std::process::{Command, Output};

/// Runs `mrprism` in a folder, with no home and no environment of ours.
fn mrprism(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mrprism"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .expect("the command starts")
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A NIfTI-1 file of 8-bit voxels, 8 × 6.
fn write_nifti(path: &Path, value: impl Fn(usize) -> u8) {
    let mut bytes = vec![0_u8; 352];
    let mut put =
        |offset: usize, field: &[u8]| bytes[offset..offset + field.len()].copy_from_slice(field);
    put(0, &348_i32.to_le_bytes());
    for (axis, length) in [2_u16, 8, 6].iter().enumerate() {
        put(40 + 2 * axis, &length.to_le_bytes());
    }
    put(70, &2_i16.to_le_bytes());
    put(72, &8_i16.to_le_bytes());
    put(108, &352_f32.to_le_bytes());
    put(344, b"n+1\0");
    bytes.extend((0..48).map(value));
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(path, bytes).expect("written");
}

/// Ten cases of a folder each, two readers.
fn scans(root: &Path) {
    for case in 1..=10_usize {
        let folder = root.join(format!("s{case:02}"));
        write_nifti(&folder.join("scan.nii"), |i| {
            ((i * i * case + 11 * i) % 101) as u8
        });
        for reader in 1..=2 {
            write_nifti(&folder.join(format!("reader{reader}.nii")), |i| {
                u8::from((2..4 + reader).contains(&(i % 8)))
            });
        }
    }
}

#[test]
fn a_draft_is_written_once_checked_and_previewed() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    scans(&root.join("set"));
    let output = mrprism(root, &["data", "init", "set"]);
    assert!(output.status.success(), "{}", errors(&output));
    assert!(printed(&output).contains("masks = \"{case}/reader{rater}.nii\""));
    assert!(errors(&output).contains("it finds 10 cases and 2 raters"));
    assert!(!root.join("set/dataset.toml").exists());

    let output = mrprism(root, &["data", "init", "set", "--write"]);
    assert!(output.status.success(), "{}", errors(&output));
    let written = std::fs::read(root.join("set/dataset.toml")).expect("written");
    let again = mrprism(root, &["data", "init", "set", "--write"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(errors(&again).contains("is not overwritten"));
    let kept = std::fs::read(root.join("set/dataset.toml")).expect("kept");
    assert_eq!(kept, written);

    let output = mrprism(root, &["data", "check", "set"]);
    assert!(output.status.success(), "{}", printed(&output));
    assert!(printed(&output).contains("cases       10 of 10 patients"));

    let output = mrprism(
        root,
        &[
            "data", "preview", "set", "--cases", "s03", "s07", "--panel", "150",
        ],
    );
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(printed(&output).trim(), "set-preview.png: s03, s07");
    let picture = std::fs::read(root.join("set-preview.png")).expect("drawn");
    assert_eq!(&picture[1..4], b"PNG");
}

#[test]
fn a_definition_may_lie_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    scans(&root.join("set"));
    let output = mrprism(
        root,
        &["data", "init", "set", "--out", "draft.toml", "--json"],
    );
    assert!(output.status.success(), "{}", errors(&output));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["file"], "draft.toml");
    assert!(!told["questions"].as_array().expect("a list").is_empty());
    let check = [
        "data",
        "check",
        "set",
        "--definition",
        "draft.toml",
        "--json",
    ];
    let output = mrprism(root, &check);
    assert!(output.status.success(), "{}", errors(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["card"]["raters"], 2);
}

#[test]
fn a_fault_ends_with_one_and_names_the_cases() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    scans(&root.join("set"));
    let init = mrprism(root, &["data", "init", "set", "--write"]);
    assert!(init.status.success(), "{}", errors(&init));
    std::fs::write(root.join("set/s04/reader2.nii"), b"nothing").expect("written");
    let output = mrprism(root, &["data", "check", "set"]);
    assert_eq!(output.status.code(), Some(1));
    let said = printed(&output);
    assert!(
        said.contains("FAULT") && said.contains("s04/reader2.nii"),
        "{said}"
    );
}

#[test]
fn wrong_use_of_init_and_preview_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    for (arguments, told) in [
        (&["data", "init", "nothing"][..], "is no folder"),
        (&["data", "init", "."], "no rater's mask"),
        (
            &["data", "preview", "phantom", "--cases", "nobody"],
            "no case has this name",
        ),
        (
            &["data", "preview", "phantom", "--cases", "0"],
            "no case to show",
        ),
        (
            &["data", "check", "phantom", "--definition", "x.toml"],
            "goes with a folder",
        ),
    ] {
        let output = mrprism(root, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(errors(&output).contains(told), "{}", errors(&output));
    }
    assert_eq!(std::fs::read_dir(root).expect("listed").count(), 0);
}
