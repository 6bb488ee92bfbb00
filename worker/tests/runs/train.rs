//! Training without a server: the same bits after a stop, files that say what they are, refusals.
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::lab::{STEPS, hash_of, signal, study, train, undisturbed};
use nix::sys::signal::Signal;

/// Starts the run, waits until two fifths of it are done, and stops it.
fn stop_in_mid_run(out: &std::path::Path, with: Signal) -> std::process::ExitStatus {
    let mut child = train(&study(), out, &[])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut lines = lines.map_while(Result::ok);
    let there = format!("train {}/{STEPS}", STEPS * 2 / 5);
    // Lines come at each tenth.
    assert!(
        lines.any(|line| line.starts_with(&there)),
        "it never said {there}"
    );
    signal(child.id(), with);
    // Read on, so that it never writes into a closed pipe.
    lines.for_each(drop);
    child.wait().unwrap()
}

#[test]
fn a_run_that_was_killed_or_stopped_goes_on_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let (hash, alone) = undisturbed(folder.path());
    let out = folder.path().join("disturbed");
    assert_eq!(stop_in_mid_run(&out, Signal::SIGKILL).code(), None);
    assert_eq!(hash_of(&train(&study(), &out, &[]).output().unwrap()), hash);

    let out = folder.path().join("stopped");
    assert_eq!(stop_in_mid_run(&out, Signal::SIGTERM).code(), Some(1));
    let output = train(&study(), &out, &[]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("going on at step"), "{said}");
    assert_eq!(hash_of(&output), hash);
    let scores = |folder: &std::path::Path| std::fs::read(folder.join("scores.csv")).unwrap();
    assert_eq!(scores(&out), scores(&alone));
}

#[test]
fn a_folder_holds_one_run_and_another_is_refused_unless_it_starts_over() {
    let folder = tempfile::tempdir().unwrap();
    let short = study().replace(&format!("steps = {STEPS}"), "steps = 6");
    let out = folder.path().join("run");
    let first = hash_of(&train(&short, &out, &[]).output().unwrap());
    for name in [
        "spec.json",
        "provenance.json",
        "events.ndjson",
        "scores.csv",
        "predictions",
        "best.safetensors",
    ] {
        assert!(out.join(name).exists(), "{name}");
    }
    let other = short.replace("lr = 1e-3", "lr = 2e-3");
    let refused = train(&other, &out, &[]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        said.contains("holds another run") && said.contains("--fresh"),
        "{said}"
    );
    // Nothing was touched: the first run is still there, done.
    assert_eq!(hash_of(&train(&short, &out, &[]).output().unwrap()), first);

    let fresh = hash_of(&train(&other, &out, &["--fresh"]).output().unwrap());
    assert_ne!(fresh, first);
}

#[test]
fn a_fault_of_the_study_or_an_unknown_arm_is_wrong_use() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let cases = [
        (
            study().replace("encoder_width", "encoder_widht"),
            "tiny.toml:",
        ),
        (
            study().replace("\"phantom\"", "\"fantom\""),
            "registered are",
        ),
        (
            study().replace("name = \"tiny\"", "name = \"small\""),
            "no arm 'tiny'",
        ),
    ];
    for (study, words) in cases {
        let output = train(&study, &out, &[]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{words}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(words), "{said}");
        assert!(!out.exists(), "something was written");
    }
}

#[test]
fn a_worker_asked_for_cuda_that_has_none_refuses() {
    let devices = crate::lab::worker_program()
        .args(["devices", "--json"])
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&devices.stdout).unwrap();
    if !report["devices"].as_array().unwrap().is_empty() {
        eprintln!("SKIPPED: this machine has a CUDA device");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = crate::lab::worker_program()
        .args([
            "serve",
            "--device",
            "cuda",
            "--server",
            "http://127.0.0.1:1",
            "--token",
            "t",
            "--home",
        ])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("there is no CUDA device") && said.contains("--device cpu"),
        "{said}"
    );
}
