//! What a run refuses, and in which words.

use mrprism_model_core::assemble::{RunInput, run};
use mrprism_model_core::device::DeviceChoice;
use mrprism_model_core::error::RunError;
use mrprism_model_core::train::StopSignal;
use mrprism_protocol::spec::RunSpec;
use mrprism_protocol::state::{AttemptOutcome, DeviceKind};
use tempfile::TempDir;

use crate::listener::{Listener, attempt, finish, input, small};

#[test]
fn a_checkpoint_or_weights_of_another_run_are_refused() {
    let (spec, data) = small();
    let mut other = spec.clone();
    other.train.lr = 5e-4;
    let folder = TempDir::new().unwrap();
    attempt(
        &spec,
        &data,
        folder.path(),
        &mut Listener::stopping_at("train", 3),
    )
    .unwrap();
    let before = std::fs::read(folder.path().join("latest.safetensors")).unwrap();
    let error = attempt(&other, &data, folder.path(), &mut Listener::default()).unwrap_err();
    assert!(
        error.to_string().contains("belongs to another run"),
        "{error}"
    );
    assert_eq!(error.outcome(), AttemptOutcome::Failed);
    assert_eq!(
        std::fs::read(folder.path().join("latest.safetensors")).unwrap(),
        before,
        "nothing is written over"
    );
    finish(&spec, &data, folder.path());
    let error = attempt(&other, &data, folder.path(), &mut Listener::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("best.safetensors: it belongs to another run"),
        "{error}"
    );
}

#[test]
fn data_and_devices_that_do_not_fit_are_refused() {
    let (mut spec, data) = small();
    let folder = TempDir::new().unwrap();
    let refusal =
        |spec: &RunSpec| attempt(spec, &data, folder.path(), &mut Listener::default()).unwrap_err();
    spec.dataset.raters = 4;
    let error = refusal(&spec).to_string();
    assert!(
        error.contains("(3, 2, 32, 32)") && error.contains("(4, 2, 32, 32)"),
        "{error}"
    );
    spec.dataset.raters = 3;
    spec.train.batch = 1;
    let error = refusal(&spec).to_string();
    assert!(error.contains("train.batch 2 or more"), "{error}");
    spec.dataset.manifest = "other".to_owned();
    let error = refusal(&spec).to_string();
    assert!(error.starts_with("data differ"), "{error}");
    let (spec, data) = small();
    let input = RunInput {
        device: DeviceChoice {
            kind: DeviceKind::Cuda,
            index: 99,
        },
        ..input(&spec, &data, folder.path())
    };
    let error = run(&input, &mut Listener::default(), &StopSignal::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("CUDA device 99 was asked for and is not there"),
        "{error}"
    );
    assert_eq!(error.outcome(), AttemptOutcome::Infrastructure);
}

#[test]
fn a_run_that_diverges_says_so() {
    let (mut spec, data) = small();
    spec.train.lr = 1e30;
    let folder = TempDir::new().unwrap();
    let error = attempt(&spec, &data, folder.path(), &mut Listener::default()).unwrap_err();
    assert!(
        matches!(error, RunError::Diverged { step: 2.., .. }),
        "{error}"
    );
}
