//! A job: one piece of work, and the states it may pass through.

use std::time::Duration;

use chrono::{DateTime, Utc};
use mrprism_protocol::id::{ExperimentId, JobId, RunId};
use mrprism_protocol::state::{DeviceKind, JobState};

/// A queued job that a claimer has locked, with what the queue's rules ask of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The job.
    pub job: JobId,
    /// Its run.
    pub run: RunId,
    /// Which workers may take it.
    pub pool: String,
    /// Its place in the queue: see `queue::order`.
    pub place: DateTime<Utc>,
    /// The device it needs; none for any.
    pub device_kind: Option<DeviceKind>,
    /// The device memory it needs.
    pub memory_mib: u64,
    /// Labels that its worker must have.
    pub labels: Vec<String>,
    /// The data set it needs.
    pub dataset: HeldDataset,
    /// Hash of the sources its numbers depend on; none where any will do: scores carry their metric's version in their names.
    pub science_version: Option<String>,
    /// Its attempts on the claimer's host that infrastructure ended.
    pub infrastructure_failures_here: u32,
    /// Whether a live worker on another host could take it; looked for only where infrastructure has failed here.
    pub another_host_fits: bool,
    /// Where its experiment limits how many of its runs are at work: the experiment and the limit.
    pub limit: Option<(ExperimentId, u32)>,
}

/// A data set as claims match it: by name and content.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HeldDataset {
    /// Registered name.
    pub name: String,
    /// Manifest hash.
    pub manifest: String,
}

/// What becomes of a job when an attempt at it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing more will happen to it.
    End(Terminal),
    /// It waits for another attempt.
    Requeue {
        /// Not to be claimed before this has passed.
        after: Duration,
        /// What is counted.
        charge: Charge,
    },
    /// It waits for a person.
    Pause {
        /// What is counted.
        charge: Charge,
    },
}

/// The states that never change again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// Done.
    Succeeded,
    /// Its own error ended it, or its attempts are spent.
    Failed,
    /// A person ended it.
    Cancelled,
    /// Infrastructure failed under it too often.
    Quarantined,
}

impl From<Terminal> for JobState {
    fn from(terminal: Terminal) -> Self {
        match terminal {
            Terminal::Succeeded => Self::Succeeded,
            Terminal::Failed => Self::Failed,
            Terminal::Cancelled => Self::Cancelled,
            Terminal::Quarantined => Self::Quarantined,
        }
    }
}

/// Which of a job's counters an ended attempt adds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charge {
    /// None: it was given back.
    Nothing,
    /// The infrastructure's.
    Infrastructure,
    /// Device memory's.
    Memory,
    /// The job's own.
    Own,
}
