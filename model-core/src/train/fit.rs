//! The loop. It is handed everything: what learns, on what, who listens, who validates, who saves.

use mrprism_protocol::spec::{Seed, TrainingSpec};
use mrprism_protocol::wire::EventBody;

use super::{Adam, Learner, Observer, Place, Stop, StopSignal, TrainingSet, metric, step};
use crate::error::RunError;
use crate::params::Snapshot;

/// How long training is and how often things happen in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Steps in all.
    pub steps: u64,
    /// Steps an epoch.
    pub steps_per_epoch: u64,
    /// Epochs between validations.
    pub validate_every_epochs: u64,
    /// Steps between reported points of the training curves.
    pub report_every: u64,
}

impl Plan {
    /// For `cases` training cases; curves get at most about 500 points.
    pub fn new(spec: &TrainingSpec, cases: usize) -> Self {
        let steps = spec.total_steps(cases);
        Self {
            steps,
            steps_per_epoch: spec.steps_per_epoch(cases),
            validate_every_epochs: spec.validate_every_epochs.max(1),
            report_every: (steps / 500).max(1),
        }
    }

    /// Epochs done after `step` steps.
    pub fn epoch(&self, step: u64) -> u64 {
        step / self.steps_per_epoch
    }

    fn ends_epoch(&self, step: u64) -> bool {
        step.is_multiple_of(self.steps_per_epoch) || step == self.steps
    }

    fn validates(&self, step: u64) -> bool {
        let due = step.is_multiple_of(self.steps_per_epoch)
            && self.epoch(step).is_multiple_of(self.validate_every_epochs);
        due || step == self.steps
    }
}

/// The weights that validation chose.
#[derive(Debug)]
pub struct Best {
    /// Their validation score.
    pub score: f64,
    /// Steps done when they were scored.
    pub step: u64,
    /// The weights.
    pub weights: Snapshot,
}

/// Everything that moves during training, the learner's own numbers apart.
#[derive(Debug)]
pub struct Progress {
    /// The optimiser; its steps are the position in training.
    pub adam: Adam,
    /// The best so far.
    pub best: Option<Best>,
}

/// What a validation found.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// What the best is chosen by; more is better.
    pub score: f64,
    /// Curves with their points.
    pub metrics: Vec<(String, f64)>,
}

/// Scores the learner as it stands; none where there is nothing to score on.
pub type Validator<'a> = dyn FnMut() -> Result<Option<Validation>, RunError> + 'a;

/// Writes checkpoints.
pub trait Saver {
    /// At the end of an epoch: saves if it is time.
    fn offer(&mut self, progress: &Progress, observer: &mut dyn Observer) -> Result<(), RunError>;

    /// Saves now.
    fn save(&mut self, progress: &Progress, observer: &mut dyn Observer) -> Result<(), RunError>;
}

/// How the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fitted {
    /// Every step is done.
    Finished,
    /// A checkpoint is written; training can go on from it.
    Yielded,
    /// Nothing is kept.
    Cancelled,
}

/// What stays the same during training.
pub struct Fit<'a> {
    /// What learns.
    pub learner: &'a dyn Learner,
    /// On what.
    pub data: &'a TrainingSet,
    /// How long.
    pub plan: Plan,
    /// The run's seed.
    pub seed: Seed,
    /// Who may stop it.
    pub stop: &'a StopSignal,
}

impl Fit<'_> {
    /// Trains from where `progress` stands to the end of the plan.
    ///
    /// # Errors
    /// What a step, the validator or the saver refuses.
    pub fn run(
        &self,
        progress: &mut Progress,
        observer: &mut dyn Observer,
        validate: &mut Validator,
        saver: &mut dyn Saver,
    ) -> Result<Fitted, RunError> {
        while progress.adam.steps() < self.plan.steps {
            match self.stop.asked() {
                Some(Stop::Cancel) => return Ok(Fitted::Cancelled),
                Some(Stop::Yield) => {
                    saver.save(progress, observer)?;
                    return Ok(Fitted::Yielded);
                }
                None => {}
            }
            let done = progress.adam.steps();
            let epoch = self.plan.epoch(done);
            let place = Place {
                seed: self.seed,
                epoch,
                step: done - epoch * self.plan.steps_per_epoch,
                plan: self.plan,
            };
            let batch = self.data.at(self.seed, epoch, place.step);
            let report = step(self.learner, &mut progress.adam, &batch, place)?;
            let done = done + 1;
            if done.is_multiple_of(self.plan.report_every) || done == self.plan.steps {
                for (name, value) in report.terms {
                    metric(observer, format!("train/{name}"), done, value);
                }
                metric(observer, "train/gradient_norm", done, report.gradient_norm);
                self.tell(self.learner.phase(place), done, observer);
            }
            if self.plan.validates(done)
                && let Some(found) = validate()?
            {
                self.consider(found, place, progress, observer);
            }
            if self.plan.ends_epoch(done) {
                saver.offer(progress, observer)?;
            }
        }
        Ok(Fitted::Finished)
    }

    fn tell(&self, phase: &str, step: u64, observer: &mut dyn Observer) {
        let (epoch, steps) = (self.plan.epoch(step), self.plan.steps);
        observer.event(EventBody::Progress {
            phase: phase.to_owned(),
            step,
            epoch,
            steps,
        });
    }

    /// Keeps the weights where they score higher than any before; of equals the earlier stay.
    fn consider(
        &self,
        found: Validation,
        place: Place,
        progress: &mut Progress,
        observer: &mut dyn Observer,
    ) {
        let step = progress.adam.steps();
        for (series, value) in found.metrics {
            metric(observer, series, step, value);
        }
        let best = progress.best.as_ref();
        if !self.learner.prepares(place) && best.is_none_or(|best| found.score > best.score) {
            let weights = self.learner.parameters().snapshot();
            progress.best = Some(Best {
                score: found.score,
                step,
                weights,
            });
        }
    }
}
