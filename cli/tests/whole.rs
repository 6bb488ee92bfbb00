//! From nothing to a table with the real programs: up, register, submit, table, logs, cancel, down.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const STUDY: &str = "name = \"tiny\"\nquestion = \"Does it work?\"\nseeds = [0]\n\
    [base]\ndataset = \"phantom\"\nmethod = \"mrprism\"\nsize = 32\n\
    [base.network]\nencoder_width = 8\nrecurrences = 1\n\
    [base.train]\nsteps = 6\nbatch = 8\nlr = 1e-3\n\
    [base.evaluation]\nrecurrences = 2\n";

/// A home with a server and a worker, ended when the test is over.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        for program in ["mrprism-orchestrator", "mrprism-worker"] {
            let built = Path::new(env!("CARGO_BIN_EXE_mrprism")).with_file_name(program);
            assert!(
                built.is_file(),
                "build the programs first: cargo build -p mrprism-orchestrator -p mrprism-worker (`make test` does)"
            );
        }
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// `mrprism` in this home.
    fn command(&self, arguments: &[&str]) -> Command {
        support::command(
            Path::new(env!("CARGO_BIN_EXE_mrprism")),
            self.0.path(),
            arguments,
        )
    }

    fn mrprism(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command that must succeed prints.
    #[track_caller]
    fn said(&self, arguments: &[&str]) -> String {
        let output = self.mrprism(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command that must fail says.
    #[track_caller]
    fn refused(&self, arguments: &[&str], code: i32) -> String {
        let output = self.mrprism(arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        errors
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.mrprism(&["down"]);
    }
}

#[test]
fn a_worker_that_does_not_start_leaves_no_server_behind() {
    let home = Home::new();
    let output = home
        .command(&["up", "--listen", "127.0.0.1:0"])
        .env("MRPRISM_CHECKPOINT_SECONDS", "-1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("the worker did not start") && said.contains("checkpoint_seconds = -1"),
        "{said}"
    );
    assert!(home.said(&["down"]).contains("nothing runs"));
}

#[test]
fn from_nothing_to_a_table() {
    let home = Home::new();
    let listen = [
        "up",
        "--listen",
        "127.0.0.1:0",
        "--device",
        "cpu",
        "--threads",
        "1",
        "--json",
    ];
    let up: serde_json::Value = serde_json::from_str(&home.said(&listen)).unwrap();
    let address = up["address"].as_str().unwrap();
    assert!(up["worker"].as_str().unwrap().contains("phantom"), "{up}");

    // A second server on the same home would be a second truth.
    let second = home.refused(&["up"], 1);
    assert!(
        second.contains(address) && second.contains("mrprism down"),
        "{second}"
    );

    // A registered folder can be named at once.
    let set = home.0.path().join("set");
    std::fs::create_dir(&set).unwrap();
    let phantom = include_str!("../../experiments/datasets/phantom.toml");
    std::fs::write(
        set.join("dataset.toml"),
        phantom.replace("\"phantom\"\nform", "\"mine\"\nform"),
    )
    .unwrap();
    assert!(
        home.said(&["data", "register", "set"])
            .contains("mine registered")
    );
    assert!(home.said(&["data", "list"]).contains("mine"));

    // The server refuses what only it can know, with file, line and key.
    home.file("unknown.toml", &STUDY.replace("\"phantom\"", "\"fantom\""));
    let fault = home.refused(&["submit", "unknown.toml"], 2);
    assert!(
        fault.starts_with("unknown.toml:5: `dataset`:") && fault.contains("mine"),
        "{fault}"
    );

    home.file("tiny.toml", STUDY);
    assert!(
        home.said(&["submit", "tiny.toml", "--wait"])
            .contains("tiny submitted: 1 queued")
    );
    assert!(
        home.said(&["submit", "tiny.toml", "--wait"])
            .contains("tiny there already: 1 succeeded")
    );
    home.file("other.toml", &STUDY.replace("steps = 6", "steps = 12"));
    assert!(
        home.refused(&["submit", "other.toml"], 2)
            .contains("another `name`")
    );

    let table = home.said(&["table", "tiny"]);
    for words in [
        "Soft Dice: phantom, disc",
        "Rec1",
        "leave-one-out",
        "mask area",
        "R5",
        "The human row",
        "Notes",
    ] {
        assert!(table.contains(words), "{words}\n{table}");
    }
    assert!(
        table.lines().all(|line| line.chars().count() <= 110),
        "{table}"
    );
    let csv = home.said(&["table", "tiny", "--format", "csv"]);
    assert!(csv.starts_with("arm,output,recurrence,dataset,"), "{csv}");
    let json: serde_json::Value =
        serde_json::from_str(&home.said(&["table", "tiny", "--json"])).unwrap();
    assert_eq!(json["schema"], "mrprism.table/1");
    assert!(
        home.said(&["logs", "tiny/tiny/0"])
            .contains("trained 6 steps")
    );
    assert!(home.said(&["status"]).contains("1 succeeded"));

    home.file(
        "long.toml",
        &STUDY
            .replace("\"tiny\"", "\"long\"")
            .replace("steps = 6", "steps = 100000"),
    );
    home.said(&["submit", "long.toml"]);
    home.said(&["cancel", "long"]);
    let waited = home.refused(&["submit", "long.toml", "--wait"], 1);
    assert!(waited.contains("long/long/0 cancelled"), "{waited}");
    assert!(
        home.refused(&["table", "nothing"], 2)
            .contains("no experiment 'nothing'")
    );
    assert!(
        home.refused(&["logs", "zzz"], 2)
            .contains("EXPERIMENT/ARM/SEED")
    );

    assert!(home.said(&["down"]).contains("ended: worker, server"));
    assert!(home.said(&["down"]).contains("nothing runs"));
}
