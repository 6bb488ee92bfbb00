//! A run as reports see it.

use std::collections::BTreeMap;

use mrprism_protocol::id::RunId;
use mrprism_protocol::spec::{RunSpec, Seed};
use mrprism_protocol::state::JobState;

/// What a run is and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFacts {
    /// The run.
    pub run: RunId,
    /// The arm.
    pub arm: String,
    /// The replicate.
    pub seed: Seed,
    /// The fold.
    pub fold: Option<u32>,
    /// The newest job's state.
    pub state: JobState,
    /// What it is.
    pub spec: RunSpec,
    /// Hash of the sources its numbers depend on.
    pub science_version: String,
    /// Its test cases and whose they are; empty where the run was made before workers said so.
    pub patients: BTreeMap<String, String>,
}
