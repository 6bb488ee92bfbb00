//! One optimiser step: losses and gradients from the method, a look whether they are finite, Adam.

use mrprism_protocol::spec::Seed;
use tch::{Kind, Tensor};

use super::{Adam, Batch};
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
}

/// A loss term's name and value, a scalar on the device. The first term of a step is the whole loss.
pub type LossTerm = (&'static str, Tensor);

/// What the loop trains.
pub trait Learner {
    /// Its numbers.
    fn parameters(&self) -> &Parameters;

    /// Adds one step's gradients to those of the parameters, and says the losses, detached.
    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm>;
}

/// One step's numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// Loss terms, the whole loss first.
    pub terms: Vec<(&'static str, f64)>,
    /// √ of the sum of all squared gradients.
    pub gradient_norm: f64,
}

/// Takes one step.
///
/// # Errors
/// [`RunError::Diverged`] where a loss or the gradient norm is not finite; the weights are untouched then.
pub fn step(
    learner: &dyn Learner,
    adam: &mut Adam,
    batch: &Batch,
    place: Place,
) -> Result<StepReport, RunError> {
    learner.parameters().zero_gradients();
    mark(Part::Optimizer);
    let terms = learner.accumulate(batch, place);
    let report = read(&terms, learner.parameters());
    let finite =
        report.terms.iter().all(|(_, value)| value.is_finite()) && report.gradient_norm.is_finite();
    if !finite {
        let said: Vec<_> = report
            .terms
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        return Err(RunError::Diverged {
            step: adam.steps() + 1,
            terms: said.join(", "),
            gradient_norm: report.gradient_norm,
        });
    }
    adam.step();
    mark(Part::Optimizer);
    Ok(report)
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
