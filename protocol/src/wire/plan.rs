//! What an experiment file would do, before anything is written.

use serde::{Deserialize, Serialize};

use crate::id::RunId;
use crate::spec::{Dropped, Fingerprint, Seed};
use crate::state::JobState;

/// `POST /api/v1/experiments/plan`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The experiment's name.
    pub experiment: String,
    /// Whether an experiment of that name is there, so that the file would extend it.
    pub exists: bool,
    /// Cells by what would become of them.
    pub counts: PlanCounts,
    /// Every cell that the file names, in its order.
    pub cells: Vec<PlannedCell>,
    /// Arms that a rule of the experiment leaves out.
    pub dropped: Vec<Dropped>,
    /// What the new cells would cost.
    pub estimate: PlanEstimate,
}

/// Cells by what would become of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanCounts {
    /// Would be added.
    pub new: u64,
    /// Are there with the same specification.
    pub there: u64,
    /// Are there with another specification.
    pub differs: u64,
    /// Runs of the experiment that the file does not name; they stay.
    pub unnamed: u64,
    /// New cells that another experiment has run already.
    pub elsewhere: u64,
    /// New cells that no live worker could run.
    pub nobody: u64,
}

/// One cell of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedCell {
    /// The arm.
    pub arm: String,
    /// The data set.
    pub dataset: String,
    /// The replicate.
    pub seed: Seed,
    /// The fold, where the experiment names folds.
    pub fold: Option<u32>,
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// What would become of it.
    #[serde(flatten)]
    pub state: CellState,
    /// A run of another experiment that has succeeded at the same work, as `EXPERIMENT/ARM/SEED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<String>,
    /// Why no live worker could run it; none where one could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nobody: Option<String>,
    /// Optimiser steps in all; none where its epochs cannot be counted in steps.
    pub steps: Option<u64>,
    /// What one such run took.
    pub cost: CellCost,
}

/// What would become of a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CellState {
    /// It would be added.
    New,
    /// It is there.
    There {
        /// Its run.
        run: RunId,
        /// The run's state.
        run_state: JobState,
    },
    /// It is there with another specification.
    Differs {
        /// Its run.
        run: RunId,
        /// The keys that differ.
        keys: Vec<String>,
    },
}

/// What a cell would cost, from what runs like it took. Null where nothing was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct CellCost {
    /// Seconds of training.
    pub train_seconds: Option<f64>,
    /// What the seconds were measured on.
    pub train_basis: Option<Basis>,
    /// Bytes of files that stay once it has succeeded.
    pub bytes: Option<f64>,
    /// What the bytes were measured on.
    pub bytes_basis: Option<Basis>,
}

/// Which runs a number is the median of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Basis {
    /// How near they are.
    pub like: Likeness,
    /// How many they are.
    pub runs: u64,
}

crate::spelled::spelled_enum! {
    /// How near measured runs are to a cell.
    Likeness {
        /// The same specification; seeds and folds may differ.
        Spec = "same_spec",
        /// The same kind of method with the same network, size and batch.
        Network = "same_network",
        /// The same kind of method; seconds scaled by size² × batch.
        Kind = "same_kind",
    }
}

/// What a plan's new cells would cost together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanEstimate {
    /// Seconds of training of those that are known; null where none is.
    pub train_seconds: Option<f64>,
    /// New cells whose seconds are unknown, which the sum leaves out.
    pub train_unknown: u64,
    /// Bytes that stay, of those that are known; null where none is.
    pub bytes: Option<f64>,
    /// New cells whose bytes are unknown, which the sum leaves out.
    pub bytes_unknown: u64,
    /// Devices of live workers that could run new cells, at most as many as the experiment may use at a time.
    pub devices: u64,
    /// `train_seconds` over `devices`: null where a cell is unknown or no device is there.
    pub wall_seconds: Option<f64>,
    /// Bases of the seconds with the number of new cells on each, nearest first.
    pub bases: Vec<(Basis, u64)>,
}
