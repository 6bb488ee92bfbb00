//! Whole runs: what they tell, what they leave, and the same bits again.

use std::time::Duration;

use mrprism_model_core::assemble::{Ended, RunInput, run};
use mrprism_protocol::spec::Output;
use mrprism_protocol::state::ArtifactKind;
use mrprism_protocol::wire::EventBody;
use tempfile::TempDir;

use crate::listener::{Listener, attempt, finish, input, small, undisturbed};

#[test]
fn a_run_tells_everything_and_leaves_weights_and_predictions() {
    let (spec, data) = small();
    let folder = TempDir::new().unwrap();
    let (hash, listener) = finish(&spec, &data, folder.path());
    assert_eq!(hash.len(), 64);
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut left = left;
    left.sort();
    assert_eq!(
        left,
        ["best.safetensors", "predictions"],
        "on success only the best weights stay"
    );
    let kinds: Vec<_> = listener
        .files
        .iter()
        .map(|(kind, name)| (*kind, name.as_str()))
        .collect();
    let checkpoint = (ArtifactKind::Checkpoint, "latest.safetensors");
    assert_eq!(
        kinds[..4],
        [
            checkpoint,
            checkpoint,
            checkpoint,
            (ArtifactKind::Weights, "best.safetensors")
        ]
    );
    assert_eq!(kinds.len(), 6, "{kinds:?}");
    assert!(kinds[4].1.starts_with("predictions/") && kinds[5].1.starts_with("predictions/"));
    let series = listener.series();
    for name in [
        "train/loss",
        "train/l_con",
        "train/l_div",
        "train/l_shf",
        "train/gradient_norm",
    ] {
        assert_eq!(
            series.iter().filter(|series| *series == name).count(),
            6,
            "{name}"
        );
    }
    for name in [
        "soft_dice/rec0",
        "soft_dice/rec3",
        "area/rec2",
        "change/rec1",
        "confidence_spread/rec0",
    ] {
        let name = format!("validation/{name}");
        assert_eq!(
            series.iter().filter(|series| **series == name).count(),
            3,
            "{name}"
        );
    }
    assert_eq!(
        listener.events[0],
        EventBody::Started {
            step: 0,
            epoch: 0,
            steps: 6,
            steps_per_epoch: 2
        }
    );
    let scores = listener.scores();
    assert!(
        scores
            .keys()
            .any(|key| key.starts_with(&Output::Rater(3).to_string())),
        "the human row"
    );
    let of_predictions = scores
        .keys()
        .filter(|key| key.starts_with("prediction") && key.contains("soft_dice@1"));
    // 2 cases × 2 structures × 4 recurrences × (mean + 3 raters + 3 leave-one-out)
    assert_eq!(of_predictions.count(), 2 * 2 * 4 * 7);
    assert!(
        listener.log().contains("Rec1: mean change from Rec0"),
        "{}",
        listener.log()
    );
}

#[test]
fn the_same_run_gives_the_same_bits() {
    let (spec, data) = small();
    assert_eq!(undisturbed(&spec, &data), undisturbed(&spec, &data));
}

#[test]
fn a_cancelled_run_ends() {
    let (spec, data) = small();
    let folder = TempDir::new().unwrap();
    let mut listener = Listener::default();
    listener.stop.cancel();
    assert_eq!(
        attempt(&spec, &data, folder.path(), &mut listener).unwrap(),
        Ended::Cancelled
    );
    assert!(listener.files.is_empty());
}

#[test]
fn checkpoints_are_not_oftener_than_the_interval() {
    let (spec, data) = small();
    let folder = TempDir::new().unwrap();
    let mut listener = Listener::stopping_at("train", 5);
    let stop = listener.stop.clone();
    let input = RunInput {
        checkpoint_interval: Duration::from_hours(1),
        ..input(&spec, &data, folder.path())
    };
    let ended = run(&input, &mut listener, &stop).unwrap();
    assert_eq!(ended, Ended::Yielded { step: 5, epoch: 2 });
    assert_eq!(listener.files.len(), 1, "only where it was asked to stop");
}
