//! How long and how a network is trained.

use serde::{Deserialize, Serialize};

/// The `[train]` table. Exactly one of `steps` and `epochs` is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    /// Optimiser steps in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Passes over the training split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u64>,
    /// Cases a step. An epoch has `floor(cases / batch)` steps: the remainder of a shuffled epoch is left out.
    pub batch: u32,
    /// Adam's learning rate, constant.
    pub lr: f64,
    /// Adam's decay rates of the first and second moment.
    pub betas: [f64; 2],
    /// Adam's ε.
    pub eps: f64,
    /// Decoupled from nothing: L2 penalty added to the gradient, 0 for none.
    pub weight_decay: f64,
    /// Validate after every this many epochs, and after the last.
    pub validate_every_epochs: u64,
}

impl TrainingSpec {
    /// Steps an epoch has with `cases` training cases (at least 1).
    pub fn steps_per_epoch(&self, cases: usize) -> u64 {
        (cases as u64 / u64::from(self.batch.max(1))).max(1)
    }

    /// Steps in all with `cases` training cases.
    pub fn total_steps(&self, cases: usize) -> u64 {
        self.steps
            .unwrap_or_else(|| self.epochs.unwrap_or(0) * self.steps_per_epoch(cases))
    }
}
