//! A worker as the queue sees it: one free device that asks for a job.

use std::collections::BTreeSet;

use mrprism_protocol::id::WorkerId;
use mrprism_protocol::wire::DeviceOffer;

use super::HeldDataset;

/// A device that asks for work, and the worker it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimer {
    /// The worker.
    pub worker: WorkerId,
    /// Its host.
    pub host: String,
    /// The pool it claims from.
    pub pool: String,
    /// What it says of itself, for placement.
    pub labels: BTreeSet<String>,
    /// Hash of the sources it was built from.
    pub science_version: String,
    /// What it holds.
    pub datasets: BTreeSet<HeldDataset>,
    /// The free device.
    pub device: DeviceOffer,
}
