//! `mrprism figure` without a server: from a table's file to a picture and its numbers.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn figure(folder: &Path, more: &[&str]) -> Output {
    let table =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/fixtures/recurrence.json");
    Command::new(env!("CARGO_BIN_EXE_mrprism"))
        .arg("figure")
        .arg(table)
        .args(more)
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn a_picture_is_written_with_its_numbers_beside_it() {
    let folder = TempDir::new().unwrap();
    for (file, begins) in [("f.svg", &b"<svg"[..]), ("f.png", b"\x89PNG")] {
        let kind = ["--kind", "recurrence", "--arm", "tau-3", "--out", file];
        let output = figure(folder.path(), &kind);
        assert!(output.status.success(), "{output:?}");
        let picture = std::fs::read(folder.path().join(file)).unwrap();
        assert!(picture.starts_with(begins), "{file}");
        let numbers = std::fs::read_to_string(folder.path().join("f.csv")).unwrap();
        assert!(numbers.starts_with("panel,measure,series,place,mean,sd\n"));
        assert!(numbers.contains("tau-3") && !numbers.contains("tau-1"));
    }
}

#[test]
fn what_cannot_be_drawn_is_wrong_use() {
    let folder = TempDir::new().unwrap();
    for (more, told) in [
        (
            ["--kind", "raters", "--out", "f.gif"].as_slice(),
            "ends in .svg, .png or .pdf",
        ),
        (
            &["--kind", "raters", "--arm", "x", "--out", "f.svg"],
            "no arm 'x': the table has tau-1, tau-3",
        ),
    ] {
        let output = figure(folder.path(), more);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(told), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
