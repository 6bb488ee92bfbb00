//! How long and how a network is trained.

use serde::{Deserialize, Serialize};

use crate::spelled::spelled_enum;

spelled_enum! {
    /// When the optimiser moves (docs/model.md, A10).
    Update {
        /// Once a training step, with the gradients of all recurrences, as Eq. 13 has it.
        Step = "step",
        /// After every recurrence, the encoder run anew each time, as in the authors' code.
        Recurrence = "recurrence",
    }
}

spelled_enum! {
    /// Along which axes an image may be mirrored.
    Flip {
        /// None.
        None = "none",
        /// Left and right.
        Horizontal = "horizontal",
        /// Left and right, top and bottom, each by its own draw.
        Both = "both",
    }
}

/// How training images are changed before a step sees them, each case by a draw of its own, masks with them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AugmentSpec {
    /// Axes along which a case is mirrored with probability ½.
    pub flip: Flip,
    /// Largest angle, drawn uniformly to both sides; 0 for none.
    pub rotation_degrees: f64,
    /// Largest relative change of size, drawn uniformly to both sides; 0 for none.
    pub scale: f64,
    /// Largest change of a channel's contrast (relative) and brightness (of the range 0 to 1); 0 for none.
    pub colour: f64,
}

impl AugmentSpec {
    /// Whether images stay as they are.
    pub fn is_nothing(&self) -> bool {
        let none = |value: f64| value.abs() < f64::EPSILON;
        self.flip == Flip::None
            && none(self.rotation_degrees)
            && none(self.scale)
            && none(self.colour)
    }
}

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
    /// When the optimiser moves.
    pub update: Update,
    /// How training images are changed.
    pub augment: AugmentSpec,
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
