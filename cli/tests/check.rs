//! `mrprism check` and `mrprism table` without a server: from a table's file.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const TABLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../report/tests/fixtures/two-arms.json"
);

fn mrprism(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mrprism"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A paper that takes the printed table in, with one number typed beside it.
fn paper(folder: &Path, typed: &str) {
    let printed = mrprism(folder, &["table", TABLE, "--format", "latex"]);
    assert!(printed.status.success(), "{}", errors(&printed));
    std::fs::create_dir_all(folder.join("tables")).unwrap();
    std::fs::write(folder.join("tables/one.tex"), out(&printed)).unwrap();
    let paper = format!(
        "\\input{{tables/one}}\n\\include{{nowhere}}\n\\begin{{tabular}}{{lr}}\n\
         tau-3 & Rec3 & {typed} & 85.48 & 85.50 & 86.51 & 86.79 & 85.19 & 86.83 & 85.89 \\\\\n\\end{{tabular}}\n"
    );
    std::fs::write(folder.join("paper.tex"), paper).unwrap();
}

#[test]
fn a_paper_that_says_what_the_table_says_ends_with_0_and_another_with_1() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    paper(folder, "86.13");
    let arguments = ["check", "paper.tex", "--table", TABLE];
    let equal = mrprism(folder, &arguments);
    assert_eq!(equal.status.code(), Some(0), "{}", out(&equal));
    assert_eq!(
        out(&equal),
        "64 macros and 10 typed numbers checked in 2 files: 0 differences\n"
    );
    assert_eq!(
        errors(&equal),
        "paper.tex:2: not checked: nowhere is not there\n"
    );

    paper(folder, "86.31");
    let file = folder.join("tables/one.tex");
    let text = std::fs::read_to_string(&file).unwrap();
    let wrong = text.replace(
        "RecZeroPhantomDiscMean{79.48",
        "RecZeroPhantomDiscMean{79.84",
    );
    std::fs::write(&file, wrong).unwrap();
    let differs = mrprism(folder, &arguments);
    assert_eq!(differs.status.code(), Some(1));
    let told = out(&differs);
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(
        lines[0],
        "paper.tex:4: tau-3, number 1 (quickstart, phantom): found 86.31, expected 86.13"
    );
    assert!(
        lines[1].starts_with("tables/one.tex:")
            && lines[1].ends_with("found 79.84 \\pm 0.59, expected 79.48 \\pm 0.59"),
        "{told}"
    );
    let json = mrprism(folder, &[&arguments[..], &["--json"]].concat());
    assert_eq!(json.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["schema"], "mrprism.check/1");
    assert_eq!(json["differences"].as_array().unwrap().len(), 2);
    assert_eq!(json["differences"][0]["line"], 4);
}

#[test]
fn circles_escapes_and_empty_checks_are_wrong_use() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let inner = folder.join("paper");
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(folder.join("out.tex"), "x").unwrap();
    std::os::unix::fs::symlink(folder.join("out.tex"), inner.join("link.tex")).unwrap();
    std::fs::write(inner.join("b.tex"), "\n\\input{a}").unwrap();
    for (text, told) in [
        ("\\input{b}", "b.tex:2: a takes itself in"),
        ("\\input{../out}", "a.tex:1: ../out lies outside"),
        ("\n\\input{link}", "a.tex:2: link lies outside"),
        ("no table here", "holds no macro of these tables"),
    ] {
        std::fs::write(inner.join("a.tex"), text).unwrap();
        let output = mrprism(&inner, &["check", "a.tex", "--table", TABLE]);
        assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
        assert!(errors(&output).contains(told), "{}", errors(&output));
    }
    for (arguments, told) in [
        (
            &["check", "a.tex"][..],
            "give --snapshot NAME, --table FILE",
        ),
        (&["check", "c.tex", "--table", TABLE], "cannot read c.tex"),
        (
            &["check", "a.tex", "--table", "a.tex"],
            "a.tex: no table as",
        ),
    ] {
        let output = mrprism(&inner, arguments);
        assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
        assert!(errors(&output).contains(told), "{}", errors(&output));
    }
}

#[test]
fn a_template_and_a_paper_are_named_where_they_do_not_fit() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("mine.tex"), "<<experiment>>\n<<nothing>>").unwrap();
    std::fs::write(folder.join("good.tex"), "<<experiment | upper>>").unwrap();
    let latex = ["table", TABLE, "--format", "latex", "--template"];
    let good = mrprism(folder, &[&latex[..], &["good.tex"]].concat());
    assert_eq!(out(&good), "QUICKSTART\n\n");
    let csv = ["table", TABLE, "--format", "csv", "--template", "good.tex"];
    let against = ["table", TABLE, "--against", "paper", "--format", "latex"];
    for (arguments, told) in [
        (
            [&latex[..], &["mine.tex"]].concat(),
            "mine.tex:2: undefined value",
        ),
        ([&latex[..], &["none.tex"]].concat(), "cannot read none.tex"),
        (csv.to_vec(), "--template is for"),
        (against.to_vec(), "give another --format"),
        (vec!["table", TABLE, "--against", "papr"], "give 'paper'"),
    ] {
        let output = mrprism(folder, &arguments);
        assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
        assert!(errors(&output).contains(told), "{}", errors(&output));
    }
    let none = mrprism(folder, &["table", TABLE, "--against", "paper"]);
    assert!(out(&none).contains("Nothing here answers to the paper's table 1, 2, 3, 4."));
}
