//! Urgent jobs that wait and who is at work where: what the rule of preemption looks at.

use chrono::TimeDelta;
use mrprism_protocol::id::JobId;

use super::{Candidate, Claimer};

/// A due job that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// What it needs.
    pub candidate: Candidate,
    /// What a person gave it.
    pub priority: i32,
    /// How many more of its experiment's runs may be at work; none for any number.
    pub room: Option<u32>,
}

/// A device of a live worker that takes work.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// As it would claim.
    pub claimer: Claimer,
    /// Who is at work on it.
    pub running: Option<Running>,
}

/// A job at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// The job.
    pub job: JobId,
    /// What a person gave it.
    pub priority: i32,
    /// Whether its experiment allows that it is stopped for another.
    pub preemptible: bool,
    /// Whether its holder has been asked to give it back already.
    pub leaving: bool,
    /// How long this attempt has worked.
    pub worked: TimeDelta,
    /// How long ago it was last stopped for another; none where it never was.
    pub in_peace: Option<TimeDelta>,
}
