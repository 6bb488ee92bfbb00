//! One run in this process: opening the data, training or scoring, saying how it ended. Shared by the child of a
//! supervisor and by `train`.

pub(crate) mod journal;
mod progress;
mod provenance;
mod score;
pub(crate) mod train;

use std::path::Path;
use std::time::Duration;

use mrprism_model_core::assemble::{self, Ended, RunInput};
use mrprism_model_core::device::DeviceChoice;
use mrprism_model_core::error::RunError;
use mrprism_model_core::train::{Observer, StopSignal, log};
use mrprism_protocol::state::{ArtifactKind, AttemptOutcome, JobKind};
use mrprism_protocol::wire::EventBody;
use mrprism_raters::dataset::{Cache, Dataset};

use crate::child::message::{ChildJob, LastWord};

/// Who listens to a run.
pub(crate) trait Sink {
    /// Something happened.
    fn event(&mut self, body: EventBody);
    /// A file stands complete.
    fn file(&mut self, kind: ArtifactKind, path: &Path, name: &str);
}

/// Runs a job in this process and says how it ended.
pub(crate) fn run(job: &ChildJob, sink: &mut dyn Sink, stop: &StopSignal) -> LastWord {
    let data = match Dataset::open(&job.data.definition, job.data.folder.as_deref()) {
        Ok(data) => data.with_cache(Cache::new(&job.cache, Cache::USUAL_BYTES)),
        Err(error) => return data_trouble(format!("data differ: {error}")),
    };
    let (wanted, held) = (&job.spec.dataset.manifest, data.manifest());
    if wanted != held {
        return data_trouble(format!(
            "data differ: the files of '{}' have changed since the run was defined (manifest {held}, wanted {wanted}). \
             Restore them, or submit the experiment under a new name",
            job.spec.dataset.name
        ));
    }
    if job.kind == JobKind::Score {
        return score::run(job, &data, sink, stop);
    }
    let provenance = match provenance::write(job) {
        Ok(path) => path,
        Err(error) => {
            return LastWord::without_result(AttemptOutcome::Infrastructure, format!("{error:#}"));
        }
    };
    sink.file(ArtifactKind::Provenance, &provenance, provenance::NAME);
    let input = RunInput {
        spec: &job.spec,
        seed: job.seed,
        fold: job.fold,
        data: &data,
        device: DeviceChoice {
            kind: job.device_kind,
            index: job.device_index,
        },
        threads: job.threads,
        out: &job.out,
        weights: Some(&job.weights),
        checkpoint_interval: Duration::try_from_secs_f64(job.checkpoint_seconds)
            .unwrap_or_default(),
    };
    let result = assemble::run(&input, &mut Listener(sink), stop);
    if let Some(fault) = data.cache_use().and_then(|used| used.fault) {
        log(&mut Listener(sink), "warn", fault);
    }
    word(result)
}

fn data_trouble(message: String) -> LastWord {
    // Another worker may hold the right files.
    LastWord {
        data_differ: true,
        ..LastWord::without_result(AttemptOutcome::Infrastructure, message)
    }
}

fn word(result: Result<Ended, RunError>) -> LastWord {
    match result {
        Ok(Ended::Succeeded {
            weights_hash,
            train_seconds,
        }) => LastWord {
            outcome: AttemptOutcome::Succeeded,
            message: None,
            weights_hash: Some(weights_hash),
            train_seconds: Some(train_seconds),
            data_differ: false,
        },
        Ok(Ended::Yielded { step, epoch }) => LastWord::without_result(
            AttemptOutcome::Yielded,
            format!("stopped at step {step} of epoch {epoch}, to be gone on from"),
        ),
        Ok(Ended::Cancelled) => LastWord::without_result(AttemptOutcome::Cancelled, "cancelled"),
        Err(error) => LastWord::without_result(error.outcome(), error.to_string()),
    }
}

/// Hands what the trainer reports to a sink.
struct Listener<'a>(&'a mut dyn Sink);

impl Observer for Listener<'_> {
    fn event(&mut self, body: EventBody) {
        self.0.event(body);
    }

    fn file(&mut self, kind: ArtifactKind, path: &Path, name: &str) {
        self.0.file(kind, path, name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_reported_with_its_own_outcome() {
        let spent = word(Err(RunError::OutOfMemory("9 bytes".into())));
        assert_eq!(spent.outcome, AttemptOutcome::OutOfMemory);
        assert!(spent.message.unwrap().contains("smaller train.batch"));
        let missing = word(Err(RunError::NoDevice("no CUDA".into())));
        assert_eq!(missing.outcome, AttemptOutcome::Infrastructure);
        let done = word(Ok(Ended::Succeeded {
            weights_hash: "ab".into(),
            train_seconds: 2.0,
        }));
        assert_eq!(
            (done.outcome, done.weights_hash.as_deref()),
            (AttemptOutcome::Succeeded, Some("ab"))
        );
    }
}
