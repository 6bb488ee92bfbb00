//! Adam (Kingma & Ba 2015), with PyTorch's form of ε and an L2 penalty added to the gradient.
//!
//! ```text
//! m ← β₁ m + (1 − β₁) g          v ← β₂ v + (1 − β₂) g²
//! p ← p − lr · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
//! ```

use mrprism_protocol::spec::TrainingSpec;
use tch::{Tensor, no_grad};

use crate::params::{Parameters, Snapshot};

/// The optimiser with its moments.
#[derive(Debug)]
pub struct Adam {
    lr: f64,
    betas: [f64; 2],
    eps: f64,
    weight_decay: f64,
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
            lr: spec.lr,
            betas: spec.betas,
            eps: spec.eps,
            weight_decay: spec.weight_decay,
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
        let [beta1, beta2] = self.betas;
        let correct = |beta: f64| 1.0 - beta.powf(self.updates as f64);
        let (correct1, correct2) = (correct(beta1), correct(beta2));
        // p − lr/c₁ · m / (√v/√c₂ + ε) = p + m / (√v · scale + shift): one pass less over memory.
        let scale = -correct1 / (self.lr * correct2.sqrt());
        let shift = -correct1 * self.eps / self.lr;
        no_grad(|| {
            for Moments {
                parameter,
                first,
                second,
                ..
            } in &mut self.moments
            {
                let gradient = parameter.grad();
                if !gradient.defined() {
                    continue;
                }
                let gradient = if self.weight_decay > 0.0 {
                    gradient + &*parameter * self.weight_decay
                } else {
                    gradient
                };
                let _ = first.lerp_(&gradient, 1.0 - beta1);
                let _ = second.lerp_(&gradient.square(), 1.0 - beta2);
                let denominator = second.sqrt().g_mul_scalar_(scale).g_add_scalar_(shift);
                let _ = parameter.addcdiv_(first, &denominator);
            }
        });
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
