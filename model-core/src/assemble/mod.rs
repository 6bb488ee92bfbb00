//! A whole run, from its specification to its scores: the one file that knows every part.
//!
//! train (or go on) → best weights → test split → stored predictions → scores. Each arrow can be cut: called again on the
//! same folder, [`run`] goes on where it stood and ends with the same bits.

mod test;

pub use test::{FUSIONS, MOST_SCORES, PREDICTIONS};

use std::path::Path;
use std::time::Duration;

use mrprism_protocol::spec::{EncoderWeights, RunSpec, Seed};
use mrprism_protocol::state::ArtifactKind;
use mrprism_protocol::wire::EventBody;
use mrprism_raters::case::Case;
use mrprism_raters::dataset::{Dataset, SplitName};
use tch::{Device, Tensor};

use crate::device::DeviceChoice;
use crate::error::RunError;
use crate::import;
use crate::method::{Method, catalog};
use crate::predict::{FinalWeights, WEIGHTS_NAME, read_weights, validate, write_weights};
use crate::train::checkpoint::{self, Checkpoints, Unreadable, identity};
use crate::train::{
    Adam, Fit, Fitted, Learner, Observer, Plan, Progress, StopSignal, TrainingSet, check, image,
    log,
};

/// Everything a run needs.
#[derive(Clone, Copy)]
pub struct RunInput<'a> {
    /// What is run.
    pub spec: &'a RunSpec,
    /// The replicate.
    pub seed: Seed,
    /// The fold, where there are folds.
    pub fold: Option<u32>,
    /// The opened data set.
    pub data: &'a Dataset,
    /// On what.
    pub device: DeviceChoice,
    /// Threads libtorch may use; 0 leaves its own choice. They are part of what makes bits equal.
    pub threads: u32,
    /// The run's folder; made if it is missing.
    pub out: &'a Path,
    /// Folder of imported weights; none where the caller has none.
    pub weights: Option<&'a Path>,
    /// Shortest time between two checkpoints; zero writes one at every epoch's end.
    pub checkpoint_interval: Duration,
}

/// How a run ended without failing.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// Everything is done and stored.
    Succeeded {
        /// BLAKE3 over the best weights.
        weights_hash: String,
        /// Seconds of training, over all attempts.
        train_seconds: f64,
    },
    /// It was asked to stop and can go on.
    Yielded {
        /// Steps done.
        step: u64,
        /// Epochs done.
        epoch: u64,
    },
    /// It was cancelled.
    Cancelled,
}

/// Runs a run in its folder, or goes on with it.
///
/// # Errors
/// [`RunError`], a panic of libtorch among them (see the crate's page).
pub fn run(
    input: &RunInput,
    observer: &mut dyn Observer,
    stop: &StopSignal,
) -> Result<Ended, RunError> {
    RunError::catching(|| Run { input, stop }.run(observer))
}

struct Run<'a> {
    input: &'a RunInput<'a>,
    stop: &'a StopSignal,
}

/// How training ended.
enum Trained {
    Done(FinalWeights, String),
    Ended(Ended),
}

impl Run<'_> {
    fn run(&self, observer: &mut dyn Observer) -> Result<Ended, RunError> {
        let RunInput {
            spec,
            seed,
            out,
            threads,
            ..
        } = *self.input;
        self.refuse_other_data()?;
        let device = self.input.device.resolve()?;
        if threads > 0 {
            tch::set_num_threads(threads as i32);
        }
        std::fs::create_dir_all(out).map_err(RunError::file("make", out))?;
        let identity = identity(spec, seed, self.input.fold);
        let method = catalog::build(spec, seed, device);
        let trained = match self.trained_before(&identity, observer)? {
            Some(done) => done,
            None => self.train(method.as_ref(), device, &identity, observer)?,
        };
        let (trained, weights_hash) = match trained {
            Trained::Done(weights, hash) => (weights, hash),
            Trained::Ended(ended) => return Ok(ended),
        };
        // Training has ended and its weights are safe: the checkpoint has served.
        remove(&out.join(checkpoint::NAME))?;
        method
            .parameters()
            .restore(&trained.weights)
            .map_err(RunError::Internal)?;
        observer.file(ArtifactKind::Weights, &out.join(WEIGHTS_NAME), WEIGHTS_NAME);
        let learned = test::learned(method.as_ref(), &spec.dataset.structures);
        if !learned.is_empty() {
            observer.event(EventBody::Scores { scores: learned });
        }
        if let Some(ended) = self.test(method.as_ref(), device, observer)? {
            return Ok(ended);
        }
        Ok(Ended::Succeeded {
            weights_hash,
            train_seconds: trained.train_seconds,
        })
    }

    fn refuse_other_data(&self) -> Result<(), RunError> {
        let (wanted, card) = (&self.input.spec.dataset, self.input.data.card());
        if card.manifest == wanted.manifest {
            return Ok(());
        }
        Err(RunError::Unusable(format!(
            "data differ: the run wants '{}' with manifest {} and this machine holds {}: restore the files, or register \
             them anew and submit again",
            wanted.name, wanted.manifest, card.manifest
        )))
    }

    /// The weights that an earlier attempt ended with.
    fn trained_before(
        &self,
        identity: &str,
        observer: &mut dyn Observer,
    ) -> Result<Option<Trained>, RunError> {
        match read_weights(self.input.out, identity) {
            Ok(found) => Ok(found.map(|(weights, hash)| Trained::Done(weights, hash))),
            Err(Unreadable::Foreign(error)) => Err(error),
            Err(Unreadable::Broken(message)) => {
                log(
                    observer,
                    "warn",
                    format!("{WEIGHTS_NAME} cannot be used ({message})"),
                );
                Ok(None)
            }
        }
    }

    fn train(
        &self,
        method: &dyn Method,
        device: Device,
        identity: &str,
        observer: &mut dyn Observer,
    ) -> Result<Trained, RunError> {
        let RunInput {
            spec, seed, out, ..
        } = *self.input;
        let load = |split| self.input.data.load(split, spec.size, self.input.fold);
        let data = TrainingSet::new(spec, &load(SplitName::Train)?, device)?;
        refuse_without_diagnoses(spec, &data)?;
        let validation = load(SplitName::Validation)?;
        for case in &validation {
            check(spec, case)?;
        }
        if method.wants_target() {
            meet_target(method, &validation, spec, device)?;
        }
        let plan = Plan::new(&spec.train, data.len());
        let mut progress = Progress {
            adam: Adam::new(&spec.train, method.parameters()).updating(method.updates_per_step()),
            best: None,
        };
        let interval = self.input.checkpoint_interval;
        let mut checkpoints = Checkpoints::new(out, identity, method.parameters(), plan, interval);
        if !resumed(&mut checkpoints, &mut progress, observer)?
            && let EncoderWeights::Imported(hash) = spec.method.encoder().encoder_weights
        {
            import::apply(method.parameters(), "encoder.", self.input.weights, &hash)?;
        }
        let step = progress.adam.steps();
        let (epoch, steps, steps_per_epoch) = (plan.epoch(step), plan.steps, plan.steps_per_epoch);
        observer.event(EventBody::Started {
            step,
            epoch,
            steps,
            steps_per_epoch,
        });
        for warning in method.warnings() {
            log(observer, "warn", warning);
        }
        if validation.is_empty() {
            log(
                observer,
                "warn",
                "there is no validation case: the last weights are kept, not the best",
            );
        }
        let chosen = method.chosen_recurrence();
        let passes = spec.evaluation.recurrences.max(chosen + 1);
        let structures = &spec.dataset.structures;
        let mut validator = || validate(method, &validation, structures, passes, chosen, device);
        let fit = Fit {
            learner: method as &dyn Learner,
            data: &data,
            plan,
            seed,
            stop: self.stop,
        };
        match fit.run(&mut progress, observer, &mut validator, &mut checkpoints)? {
            Fitted::Finished => {}
            Fitted::Cancelled => return Ok(Trained::Ended(Ended::Cancelled)),
            Fitted::Yielded => {
                let step = progress.adam.steps();
                return Ok(Trained::Ended(Ended::Yielded {
                    step,
                    epoch: plan.epoch(step),
                }));
            }
        }
        let train_seconds = checkpoints.train_seconds();
        let trained = match progress.best {
            Some(best) => FinalWeights {
                weights: best.weights,
                step: best.step,
                score: Some(best.score),
                train_seconds,
            },
            None => FinalWeights {
                weights: method.parameters().snapshot(),
                step: plan.steps,
                score: None,
                train_seconds,
            },
        };
        let hash = write_weights(out, identity, &trained)?;
        let of_score = trained.score.map_or_else(String::new, |score| {
            format!(", validation soft Dice {score:.4}")
        });
        log(
            observer,
            "info",
            format!(
                "trained {} steps; best weights of step {}{of_score}",
                plan.steps, trained.step
            ),
        );
        Ok(Trained::Done(trained, hash))
    }
}

/// A method that learns from diagnoses learns nothing where there is none.
fn refuse_without_diagnoses(spec: &RunSpec, data: &TrainingSet) -> Result<(), RunError> {
    if data.has_diagnoses() || !spec.method.needs_diagnoses() {
        return Ok(());
    }
    Err(RunError::Unusable(format!(
        "'{}' learns from diagnoses, and no training case of '{}' has one: choose another method or data set",
        spec.method.kind(),
        spec.dataset.name
    )))
}

/// Hands over the validation split's images, without their masks: test images stay unseen until training has ended.
fn meet_target(
    method: &dyn Method,
    validation: &[Case],
    spec: &RunSpec,
    device: Device,
) -> Result<(), RunError> {
    if validation.is_empty() {
        return Err(RunError::Unusable(format!(
            "'{}' adapts to the images of the validation split, and '{}' has no validation case: give its split one, or \
             choose another method",
            spec.method.kind(),
            spec.dataset.name
        )));
    }
    let images: Vec<Tensor> = validation.iter().map(|case| image(case, device)).collect();
    method.meet_target(&Tensor::cat(&images, 0));
    Ok(())
}

/// Goes on from a checkpoint, if there is one that can be used.
fn resumed(
    checkpoints: &mut Checkpoints,
    progress: &mut Progress,
    observer: &mut dyn Observer,
) -> Result<bool, RunError> {
    match checkpoints.resume(progress) {
        Ok(found) => Ok(found.is_some()),
        Err(Unreadable::Foreign(error)) => Err(error),
        Err(Unreadable::Broken(message)) => {
            let name = checkpoint::NAME;
            log(
                observer,
                "warn",
                format!("{name} cannot be used ({message}): training begins anew"),
            );
            Ok(false)
        }
    }
}

fn remove(path: &Path) -> Result<(), RunError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(RunError::file("remove", path)(error))
        }
        _ => Ok(()),
    }
}
