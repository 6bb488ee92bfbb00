//! Wrong use ends with exit code 2, a sentence that says what to do, and nothing written.

use std::path::Path;
use std::process::{Command, Output};

const STUDY: &str = include_str!("fixtures/study.toml");

/// Runs `mrprism` in an empty folder, with no home and no environment of ours.
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

/// What submitting a changed study says, and that it wrote nothing.
#[track_caller]
fn refused(from: &str, to: &str) -> String {
    assert!(STUDY.contains(from));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("study.toml"), STUDY.replace(from, to)).expect("written");
    let output = mrprism(folder.path(), &["submit", "study.toml"]);
    assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
    assert!(output.stdout.is_empty());
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("listed").count(),
        1,
        "something was written"
    );
    errors(&output)
}

#[test]
fn a_typo_is_named_with_file_line_and_key() {
    let said = refused("encoder_width = 16", "encoder_widht = 16");
    assert!(said.starts_with("study.toml:13:"), "{said}");
    assert!(said.contains("encoder_widht"), "{said}");
}

#[test]
fn a_negative_weight_is_refused() {
    let said = refused("\"network.recurrences\" = 3", "\"loss.shuffle\" = -0.3");
    assert!(
        said.contains("`loss.shuffle`") && said.contains("0 or more"),
        "{said}"
    );
}

#[test]
fn every_fault_is_said_at_once() {
    let said = refused("batch = 8", "batch = 0\nbetas = [0.9, 1.5]");
    assert!(
        said.contains("`train.batch`") && said.contains("`train.betas`"),
        "{said}"
    );
}

#[test]
fn broken_toml_is_refused_with_its_line() {
    let said = refused("seeds = [0, 1]", "seeds = [0, 1");
    assert!(said.starts_with("study.toml:"), "{said}");
}

#[test]
fn train_refuses_the_same_faults_before_it_starts_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("study.toml"),
        STUDY.replace("lr = 1e-3", "lr = 0.0"),
    )
    .expect("written");
    let arguments = [
        "train",
        "study.toml",
        "--arm",
        "tau-1",
        "--seed",
        "0",
        "--out",
        "run",
    ];
    let output = mrprism(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        errors(&output).contains("`train.lr`"),
        "{}",
        errors(&output)
    );
    assert!(!folder.path().join("run").exists());
}

#[test]
fn a_file_that_is_not_there_is_wrong_use() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = mrprism(folder.path(), &["submit", "nothing.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        errors(&output).contains("cannot read nothing.toml"),
        "{}",
        errors(&output)
    );
}

#[test]
fn without_a_server_a_command_says_how_to_start_one() {
    let folder = tempfile::tempdir().expect("a folder");
    for command in [
        &["status"][..],
        &["table", "x"],
        &["cancel", "x"],
        &["logs", "x"],
        &["experiments"],
    ] {
        let output = mrprism(folder.path(), command);
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        let said = errors(&output);
        assert!(
            said.contains("mrprism up") && said.contains("--server"),
            "{said}"
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0);
}

#[test]
fn a_server_that_is_gone_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    // Port 1 of this machine: nothing listens there.
    let arguments = ["status", "--server", "http://127.0.0.1:1", "--token", "t"];
    let output = mrprism(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors(&output).contains("http://127.0.0.1:1 does not answer"),
        "{}",
        errors(&output)
    );
}

#[test]
fn a_folder_without_a_definition_is_not_registered() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("set")).expect("made");
    let output = mrprism(folder.path(), &["data", "register", "set"]);
    assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
    assert!(
        errors(&output).contains("dataset.toml"),
        "{}",
        errors(&output)
    );
    assert!(!folder.path().join(".mrprism").exists());
}

#[test]
fn an_unknown_data_set_is_not_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = mrprism(folder.path(), &["data", "check", "fantom"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        errors(&output).contains("mrprism data list"),
        "{}",
        errors(&output)
    );
}

#[test]
fn a_data_root_that_is_not_configured_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = mrprism(folder.path(), &["data", "check", "qubiq/brain-growth"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        errors(&output).contains("--data-root data=PATH"),
        "{}",
        errors(&output)
    );
}

#[test]
fn a_phantom_is_sound_and_its_report_is_json_where_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = mrprism(folder.path(), &["data", "check", "phantom", "--json"]);
    assert!(output.status.success(), "{}", errors(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["card"]["raters"], 5);
}

#[test]
fn a_setting_says_where_it_came_from() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("mrprism.toml"),
        "pool = \"slow\"\nthreds = 2\n[data.roots]\ndata = \"sets\"\n",
    )
    .expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_mrprism"))
        .args(["config", "show", "--json"])
        .current_dir(folder.path())
        .env_clear()
        .env("MRPRISM_THREADS", "3")
        .output()
        .expect("the command starts");
    let settings: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let from = |name: &str| {
        let found = settings
            .iter()
            .find(|setting| setting["name"] == name)
            .expect(name);
        format!("{} from {}", found["value"], found["from"])
    };
    assert_eq!(from("pool"), "\"slow\" from \"mrprism.toml\"");
    assert_eq!(from("threads"), "\"3\" from \"MRPRISM_THREADS\"");
    assert_eq!(from("device"), "\"auto\" from \"default\"");
    assert_eq!(from("data.roots.data"), "\"sets\" from \"mrprism.toml\"");
    assert!(from("threds").contains("no program knows this key"));
}
