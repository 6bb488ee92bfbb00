//! The same bits however a run is stopped, killed or carried elsewhere.

use mrprism_model_core::assemble::Ended;
use serde_json::json;
use tempfile::TempDir;

use crate::common::with_option;
use crate::listener::{Listener, attempt, finish, predictions, small, undisturbed};

#[test]
fn stopping_anywhere_and_going_on_gives_the_same_bits() {
    let (spec, data) = small();
    let wanted = undisturbed(&spec, &data);
    // In mid-epoch, at an epoch's end, after the last step, and between two predictions.
    for (phase, step) in [
        ("train", 1),
        ("train", 2),
        ("train", 5),
        ("train", 6),
        ("predict", 1),
    ] {
        let folder = TempDir::new().unwrap();
        let mut stopped = Listener::stopping_at(phase, step);
        let ended = attempt(&spec, &data, folder.path(), &mut stopped).unwrap();
        let done = if phase == "train" { step } else { 6 };
        assert_eq!(
            ended,
            Ended::Yielded {
                step: done,
                epoch: done / 2
            },
            "{phase} {step}"
        );
        let (hash, listener) = finish(&spec, &data, folder.path());
        assert_eq!(
            (hash, predictions(folder.path()), listener.scores()),
            wanted,
            "{phase} {step}"
        );
        let resumed = (phase == "train" && step < 6).then_some(step);
        assert_eq!(listener.started_at(), resumed, "{phase} {step}");
    }
}

#[test]
fn augmentation_and_updates_within_a_step_go_on_with_the_same_bits() {
    let (plain, data) = small();
    let augment = json!({ "flip": "both", "rotation_degrees": 15.0, "scale": 0.1, "colour": 0.2 });
    let spec = with_option(&plain, "augment", augment);
    let spec = with_option(&spec, "update", json!("recurrence"));
    let wanted = undisturbed(&spec, &data);
    let folder = TempDir::new().unwrap();
    let mut stopped = Listener::stopping_at("train", 3);
    let ended = attempt(&spec, &data, folder.path(), &mut stopped).unwrap();
    assert_eq!(ended, Ended::Yielded { step: 3, epoch: 1 });
    let (hash, listener) = finish(&spec, &data, folder.path());
    assert_eq!(
        (hash, predictions(folder.path()), listener.scores()),
        wanted
    );
    assert_eq!(listener.started_at(), Some(3));
    assert_ne!(undisturbed(&plain, &data).0, wanted.0);
}

#[test]
fn losing_everything_since_a_checkpoint_gives_the_same_bits() {
    let (spec, data) = small();
    let wanted = undisturbed(&spec, &data);
    let folder = TempDir::new().unwrap();
    let latest = folder.path().join("latest.safetensors");
    attempt(
        &spec,
        &data,
        folder.path(),
        &mut Listener::stopping_at("train", 2),
    )
    .unwrap();
    let kept = std::fs::read(&latest).unwrap();
    attempt(
        &spec,
        &data,
        folder.path(),
        &mut Listener::stopping_at("train", 5),
    )
    .unwrap();
    // As after a kill: the newer work is gone, and a write was cut off.
    std::fs::write(&latest, kept).unwrap();
    std::fs::write(folder.path().join("latest.safetensors.tmp"), b"cut off").unwrap();
    let (hash, listener) = finish(&spec, &data, folder.path());
    assert_eq!(
        (hash, predictions(folder.path()), listener.scores()),
        wanted
    );
    assert_eq!(listener.started_at(), Some(2));
}

#[test]
fn a_kill_between_weights_and_predictions_repeats_no_training() {
    let (spec, data) = small();
    let folder = TempDir::new().unwrap();
    attempt(
        &spec,
        &data,
        folder.path(),
        &mut Listener::stopping_at("train", 2),
    )
    .unwrap();
    let old = std::fs::read(folder.path().join("latest.safetensors")).unwrap();
    let (hash, first) = finish(&spec, &data, folder.path());
    // The weights are written, the checkpoint not yet removed, no prediction stored.
    std::fs::write(folder.path().join("latest.safetensors"), old).unwrap();
    std::fs::remove_dir_all(folder.path().join("predictions")).unwrap();
    let (again, second) = finish(&spec, &data, folder.path());
    assert_eq!((again, second.scores()), (hash, first.scores()));
    assert_eq!(second.started_at(), None);
    assert!(!folder.path().join("latest.safetensors").exists());
}

#[test]
fn broken_weights_are_said_and_trained_again() {
    let (spec, data) = small();
    let folder = TempDir::new().unwrap();
    let (hash, first) = finish(&spec, &data, folder.path());
    let best = folder.path().join("best.safetensors");
    let mut bytes = std::fs::read(&best).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&best, bytes).unwrap();
    let (again, second) = finish(&spec, &data, folder.path());
    assert_eq!((again, second.scores()), (hash, first.scores()));
    let log = second.log();
    assert!(
        log.contains("warn: best.safetensors cannot be used"),
        "{log}"
    );
}

#[test]
fn the_best_weights_travel_inside_the_checkpoint() {
    // With a learning rate that only spoils, the first validation stays the best: the last weights differ from it.
    let (mut spec, data) = small();
    spec.train.lr = 0.3;
    let wanted = undisturbed(&spec, &data);
    let folder = TempDir::new().unwrap();
    attempt(
        &spec,
        &data,
        folder.path(),
        &mut Listener::stopping_at("train", 5),
    )
    .unwrap();
    // Carried to another machine: nothing but the checkpoint.
    let elsewhere = TempDir::new().unwrap();
    std::fs::copy(
        folder.path().join("latest.safetensors"),
        elsewhere.path().join("latest.safetensors"),
    )
    .unwrap();
    let (hash, _) = finish(&spec, &data, elsewhere.path());
    assert_eq!(hash, wanted.0);
}

#[test]
fn a_broken_checkpoint_is_said_and_training_begins_anew() {
    let (spec, data) = small();
    let wanted = undisturbed(&spec, &data).0;
    let folder = TempDir::new().unwrap();
    let latest = folder.path().join("latest.safetensors");
    attempt(
        &spec,
        &data,
        folder.path(),
        &mut Listener::stopping_at("train", 3),
    )
    .unwrap();
    let whole = std::fs::read(&latest).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for broken in [
        whole[..whole.len() / 2].to_vec(),
        flipped,
        b"no safetensors at all".to_vec(),
        Vec::new(),
    ] {
        std::fs::write(&latest, broken).unwrap();
        let mut listener = Listener::stopping_at("train", 1);
        attempt(&spec, &data, folder.path(), &mut listener).unwrap();
        assert_eq!(listener.started_at(), Some(0));
        assert!(
            listener
                .log()
                .contains("warn: latest.safetensors cannot be used"),
            "{}",
            listener.log()
        );
    }
    assert_eq!(finish(&spec, &data, folder.path()).0, wanted);
}
