//! Adam (Kingma & Ba 2015), with PyTorch's form of ε and an L2 penalty added to the gradient.
//!
//! ```text
//! m ← β₁ m + (1 − β₁) g          v ← β₂ v + (1 − β₂) g²
//! p ← p − lr · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
//! ```

use mrprism_protocol::spec::TrainingSpec;
use tch::Tensor;

use crate::params::{Parameters, Snapshot};
use crate::shim::{AdamConstants, AdamEntry, fused_adam};

/// The optimiser with its moments.
#[derive(Debug)]
pub struct Adam {
    constants: AdamConstants,
    updates: u64,
    per_step: u64,
    moments: Vec<Moments>,
}

#[derive(Debug)]
struct Moments {
    name: String,
    parameter: Tensor,
    first: Tensor,
    second: Tensor,
}

impl Adam {
    /// For everything that training changes, moments zero.
    pub fn new(spec: &TrainingSpec, parameters: &Parameters) -> Self {
        let moments = parameters
            .trained()
            .map(|entry| Moments {
                name: entry.name.clone(),
                parameter: entry.tensor.shallow_clone(),
                first: entry.tensor.zeros_like(),
                second: entry.tensor.zeros_like(),
            })
            .collect();
        Self {
            constants: AdamConstants {
                lr: spec.lr,
                betas: spec.betas,
                eps: spec.eps,
                weight_decay: spec.weight_decay,
            },
            updates: 0,
            per_step: 1,
            moments,
        }
    }

    /// For a learner that makes `per_step` updates a training step.
    #[must_use]
    pub fn updating(self, per_step: u64) -> Self {
        Self {
            per_step: per_step.max(1),
            ..self
        }
    }

    /// One update with the gradients as they stand. What has no gradient stays, its moments too.
    pub fn step(&mut self) {
        self.updates += 1;
        let entries: Vec<_> = self
            .moments
            .iter()
            .map(|moments| AdamEntry {
                parameter: &moments.parameter,
                gradient: moments.parameter.grad(),
                first: &moments.first,
                second: &moments.second,
            })
            .filter(|entry| entry.gradient.defined())
            .collect();
        fused_adam(&entries, self.updates, self.constants);
    }

    /// Training steps done.
    pub fn steps(&self) -> u64 {
        self.updates / self.per_step
    }

    /// First and second moments by parameter name, sharing nothing with the optimiser.
    pub fn moments(&self) -> (Snapshot, Snapshot) {
        let copies = |of: fn(&Moments) -> &Tensor| {
            self.moments
                .iter()
                .map(|moments| (moments.name.clone(), of(moments).copy()))
                .collect()
        };
        (
            copies(|moments| &moments.first),
            copies(|moments| &moments.second),
        )
    }

    /// Takes over moments and the number of training steps.
    ///
    /// # Errors
    /// A sentence where names or shapes differ; nothing is changed then.
    pub fn restore(
        &mut self,
        steps: u64,
        first: &[(String, Tensor)],
        second: &[(String, Tensor)],
    ) -> Result<(), String> {
        for moments in [first, second] {
            let fits = moments.len() == self.moments.len()
                && self
                    .moments
                    .iter()
                    .zip(moments)
                    .all(|(own, (name, tensor))| {
                        own.name == *name && own.parameter.size() == tensor.size()
                    });
            if !fits {
                return Err("its optimiser moments belong to another network".to_owned());
            }
        }
        for (own, ((_, first), (_, second))) in
            self.moments.iter_mut().zip(first.iter().zip(second))
        {
            own.first.copy_(first);
            own.second.copy_(second);
        }
        self.updates = steps * self.per_step;
        Ok(())
    }
}
