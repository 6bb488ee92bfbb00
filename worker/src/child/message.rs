//! What supervisor and child say to each other, one JSON document a line.

use std::path::PathBuf;

use mrprism_protocol::id::{AttemptId, RunId};
use mrprism_protocol::spec::{RunSpec, Seed};
use mrprism_protocol::state::{ArtifactKind, AttemptOutcome, DeviceKind, JobKind};
use mrprism_protocol::wire::EventBody;
use serde::{Deserialize, Serialize};

use crate::data_root::Place;

/// The first line of the child's standard input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ChildJob {
    /// What is to be done.
    pub(crate) kind: JobKind,
    /// The run, where a server knows it.
    pub(crate) run: Option<RunId>,
    /// The attempt, where a server knows it.
    pub(crate) attempt: Option<AttemptId>,
    pub(crate) spec: RunSpec,
    pub(crate) seed: Seed,
    pub(crate) fold: Option<u32>,
    pub(crate) data: Place,
    pub(crate) device_kind: DeviceKind,
    pub(crate) device_index: u32,
    pub(crate) threads: u32,
    /// Folder of decoded cases, shared by all runs of this home.
    pub(crate) cache: PathBuf,
    /// Folder of the attempt's files.
    pub(crate) out: PathBuf,
    /// Folder of imported weights.
    pub(crate) weights: PathBuf,
    pub(crate) checkpoint_seconds: f64,
}

/// Further lines of its standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChildCommand {
    /// Write a checkpoint and end.
    Yield,
    /// End.
    Cancel,
}

/// A line of its standard output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub(crate) enum ChildLine {
    /// Something to report.
    Event {
        /// What happened.
        body: EventBody,
    },
    /// A file stands complete at `path`.
    File {
        /// What it is.
        artifact: ArtifactKind,
        /// Where.
        path: PathBuf,
        /// Its name within the run.
        name: String,
    },
    /// The last line.
    Ended(LastWord),
}

/// How the child's work ended, in its own words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastWord {
    pub(crate) outcome: AttemptOutcome,
    pub(crate) message: Option<String>,
    pub(crate) weights_hash: Option<String>,
    pub(crate) train_seconds: Option<f64>,
    /// The files here are not those that the run was defined on: they must be indexed again.
    #[serde(default)]
    pub(crate) data_differ: bool,
}

impl LastWord {
    /// An end without a result.
    pub(crate) fn without_result(outcome: AttemptOutcome, message: impl Into<String>) -> Self {
        Self {
            outcome,
            message: Some(message.into()),
            weights_hash: None,
            train_seconds: None,
            data_differ: false,
        }
    }
}
