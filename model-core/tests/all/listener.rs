//! A small run on a phantom, and who listens to it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use mrprism_model_core::assemble::{Ended, RunInput, run};
use mrprism_model_core::device::DeviceChoice;
use mrprism_model_core::error::RunError;
use mrprism_model_core::train::{Observer, StopSignal};
use mrprism_protocol::spec::{RunSpec, Seed};
use mrprism_protocol::state::ArtifactKind;
use mrprism_protocol::wire::{EventBody, Score};
use mrprism_raters::dataset::Dataset;
use tempfile::TempDir;

use crate::common::{phantom, run_spec};

/// Listens, and may stop the run at an event.
#[derive(Default)]
pub(crate) struct Listener {
    pub(crate) events: Vec<EventBody>,
    pub(crate) files: Vec<(ArtifactKind, String)>,
    pub(crate) stop: StopSignal,
    pub(crate) at: Option<(&'static str, u64)>,
}

impl Listener {
    /// Asks to yield when `phase` has done `step`.
    pub(crate) fn stopping_at(phase: &'static str, step: u64) -> Self {
        Self {
            at: Some((phase, step)),
            ..Self::default()
        }
    }

    pub(crate) fn scores(&self) -> BTreeMap<String, u64> {
        let scores = self.events.iter().filter_map(|event| match event {
            EventBody::Scores { scores } => Some(scores),
            _ => None,
        });
        let key = |score: &Score| {
            let Score {
                output,
                recurrence,
                case,
                structure,
                reference,
                metric,
                ..
            } = score;
            format!("{output} {recurrence:?} {case} {structure} {reference} {metric}")
        };
        scores
            .flatten()
            .map(|score| (key(score), score.value.to_bits()))
            .collect()
    }

    pub(crate) fn log(&self) -> String {
        let lines = self.events.iter().filter_map(|event| match event {
            EventBody::Log { level, message } => Some(format!("{level}: {message}\n")),
            _ => None,
        });
        lines.collect()
    }

    pub(crate) fn series(&self) -> Vec<String> {
        let names = self.events.iter().filter_map(|event| match event {
            EventBody::Metric { series, .. } => Some(series.clone()),
            _ => None,
        });
        names.collect()
    }

    pub(crate) fn started_at(&self) -> Option<u64> {
        self.events.iter().find_map(|event| match event {
            EventBody::Started { step, .. } => Some(*step),
            _ => None,
        })
    }
}

impl Observer for Listener {
    fn event(&mut self, body: EventBody) {
        if let (EventBody::Progress { phase, step, .. }, Some(at)) = (&body, self.at)
            && (phase.as_str(), *step) == at
        {
            self.stop.yield_now();
        }
        self.events.push(body);
    }

    fn file(&mut self, kind: ArtifactKind, path: &Path, name: &str) {
        assert!(
            path.is_file(),
            "{} was announced and is not there",
            path.display()
        );
        self.files.push((kind, name.to_owned()));
    }
}

/// How the attempts of these tests are made.
pub(crate) fn input<'a>(spec: &'a RunSpec, data: &'a Dataset, out: &'a Path) -> RunInput<'a> {
    RunInput {
        spec,
        seed: Seed(7),
        fold: None,
        data,
        device: DeviceChoice::CPU,
        threads: 1,
        out,
        weights: None,
        checkpoint_interval: Duration::ZERO,
    }
}

/// 5 training cases in batches of 2: two steps an epoch, 6 steps, and an epoch's end at 2, 4 and 6.
pub(crate) fn small() -> (RunSpec, Dataset) {
    let data = phantom(32, 2, [5, 2, 2], &[0.0, 0.1, -0.1], 0.02);
    let mut spec = run_spec(3, 2, 1, 32);
    data.manifest().clone_into(&mut spec.dataset.manifest);
    (spec, data)
}

pub(crate) fn attempt(
    spec: &RunSpec,
    data: &Dataset,
    out: &Path,
    listener: &mut Listener,
) -> Result<Ended, RunError> {
    let stop = listener.stop.clone();
    run(&input(spec, data, out), listener, &stop)
}

pub(crate) fn finish(spec: &RunSpec, data: &Dataset, out: &Path) -> (String, Listener) {
    let mut listener = Listener::default();
    match attempt(spec, data, out, &mut listener).unwrap() {
        Ended::Succeeded {
            weights_hash,
            train_seconds,
        } => {
            assert!(train_seconds > 0.0);
            (weights_hash, listener)
        }
        other => panic!("{other:?}"),
    }
}

/// Every stored prediction's bytes by name.
pub(crate) fn predictions(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(out.join("predictions"))
        .unwrap()
        .map(Result::unwrap);
    files
        .map(|file| {
            (
                file.file_name().into_string().unwrap(),
                std::fs::read(file.path()).unwrap(),
            )
        })
        .collect()
}

/// A run that was never stopped: hash, predictions, scores.
pub(crate) fn undisturbed(
    spec: &RunSpec,
    data: &Dataset,
) -> (String, BTreeMap<String, Vec<u8>>, BTreeMap<String, u64>) {
    let folder = TempDir::new().unwrap();
    let (hash, listener) = finish(spec, data, folder.path());
    (hash, predictions(folder.path()), listener.scores())
}
