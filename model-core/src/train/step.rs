//! One optimiser step: losses and gradients from the method, a look whether they are finite, Adam.

use mrprism_protocol::spec::Seed;
use tch::{Kind, Tensor};

use super::{Adam, Batch, Plan};
use crate::error::RunError;
use crate::params::Parameters;
use crate::parts::{Part, mark};

/// Where in training a step stands: every draw is a function of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The run's seed.
    pub seed: Seed,
    /// Epochs done.
    pub epoch: u64,
    /// Steps done in this epoch.
    pub step: u64,
    /// The whole of it.
    pub plan: Plan,
}

impl Place {
    /// Whether an epoch begins here.
    pub fn begins_epoch(&self) -> bool {
        self.step == 0
    }
}

/// A loss term's name and value, a scalar on the device. The first term of a step is the whole loss.
pub type LossTerm = (&'static str, Tensor);

/// Terms without their graphs.
pub fn detached<const N: usize>(terms: [LossTerm; N]) -> Vec<LossTerm> {
    terms.map(|(name, term)| (name, term.detach())).into()
}

/// What the loop trains.
pub trait Learner {
    /// Its numbers.
    fn parameters(&self) -> &Parameters;

    /// Whether this place only prepares what is the method's own. Its weights are never chosen as the best: they would be
    /// another method's.
    fn prepares(&self, _place: Place) -> bool {
        false
    }

    /// What the method does here, for people who watch.
    fn phase(&self, place: Place) -> &'static str {
        if self.prepares(place) {
            "warm-up"
        } else {
            "train"
        }
    }

    /// Adds one step's gradients to those of the parameters, and says the losses, detached.
    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm>;

    /// Optimiser updates that one step makes, the same in every step.
    fn updates_per_step(&self) -> u64 {
        1
    }

    /// One step, update by update: each item adds that update's gradients and says its losses, as [`Self::accumulate`]
    /// does for a step of one. Gradients are taken away before an item is asked for, weights moved after it.
    fn updates<'a>(
        &'a self,
        batch: &'a Batch,
        place: Place,
    ) -> Box<dyn Iterator<Item = Vec<LossTerm>> + 'a> {
        Box::new(std::iter::once_with(move || self.accumulate(batch, place)))
    }
}

/// One step's numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// Loss terms, the whole loss first, summed over the step's updates.
    pub terms: Vec<(&'static str, f64)>,
    /// √ of the sum of all squared gradients; the largest of the step's updates.
    pub gradient_norm: f64,
}

/// Takes one step, in as many updates as the learner makes.
///
/// # Errors
/// [`RunError::Diverged`] where a loss or the gradient norm is not finite; that update leaves the weights untouched.
pub fn step(
    learner: &dyn Learner,
    adam: &mut Adam,
    batch: &Batch,
    place: Place,
) -> Result<StepReport, RunError> {
    let mut updates = learner.updates(batch, place);
    let mut whole = StepReport {
        terms: Vec::new(),
        gradient_norm: 0.0,
    };
    for _ in 0..learner.updates_per_step() {
        learner.parameters().clear_gradients();
        mark(Part::Optimizer);
        let Some(terms) = updates.next() else { break };
        let report = read(&terms, learner.parameters());
        refuse_unless_finite(&report, adam.steps() + 1)?;
        adam.step();
        mark(Part::Optimizer);
        whole.add(report);
    }
    Ok(whole)
}

impl StepReport {
    fn add(&mut self, update: Self) {
        self.gradient_norm = self.gradient_norm.max(update.gradient_norm);
        if self.terms.is_empty() {
            self.terms = update.terms;
        } else {
            for ((_, sum), (_, term)) in self.terms.iter_mut().zip(update.terms) {
                *sum += term;
            }
        }
    }
}

fn refuse_unless_finite(report: &StepReport, step: u64) -> Result<(), RunError> {
    let finite =
        report.terms.iter().all(|(_, value)| value.is_finite()) && report.gradient_norm.is_finite();
    if finite {
        return Ok(());
    }
    let said: Vec<_> = report
        .terms
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    Err(RunError::Diverged {
        step,
        terms: said.join(", "),
        gradient_norm: report.gradient_norm,
    })
}

/// All numbers of a step in one copy from the device: the one place where the loop waits for it.
fn read(terms: &[LossTerm], parameters: &Parameters) -> StepReport {
    let norms: Vec<Tensor> = parameters
        .trained()
        .map(|entry| entry.tensor.grad())
        .filter(Tensor::defined)
        .map(|gradient| gradient.norm())
        .collect();
    let mut numbers: Vec<Tensor> = terms
        .iter()
        .map(|(_, term)| term.to_kind(Kind::Float))
        .collect();
    if !norms.is_empty() {
        numbers.push(Tensor::stack(&norms, 0).norm());
    }
    let values: Vec<f64> = if numbers.is_empty() {
        Vec::new()
    } else {
        let numbers = Tensor::stack(&numbers, 0).to_kind(Kind::Double);
        numbers
            .iter::<f64>()
            .map(Iterator::collect)
            .unwrap_or_default()
    };
    StepReport {
        terms: terms
            .iter()
            .zip(&values)
            .map(|((name, _), value)| (*name, *value))
            .collect(),
        gradient_norm: values.get(terms.len()).copied().unwrap_or(0.0),
    }
}
