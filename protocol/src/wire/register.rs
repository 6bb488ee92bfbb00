//! `POST /api/v1/worker/register`: a worker process introduces itself, once at each start.

use serde::{Deserialize, Serialize};

use crate::id::WorkerId;
use crate::spec::DatasetCard;
use crate::state::DeviceKind;

/// One device a worker offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceOffer {
    /// Kind.
    pub kind: DeviceKind,
    /// Number among its kind, from 0.
    pub index: u32,
    /// Marketing name, or the processor's model.
    pub name: String,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Threads a trainer on it uses.
    pub threads: u32,
}

/// A worker's introduction. Answer: 204; 409 where the science version differs from the server's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// Fresh at every start of a worker process.
    pub worker: WorkerId,
    /// Host name.
    pub host: String,
    /// Pool it claims from.
    pub pool: String,
    /// Labels for placement.
    pub labels: Vec<String>,
    /// What it offers.
    pub devices: Vec<DeviceOffer>,
    /// What it holds.
    pub datasets: Vec<DatasetCard>,
    /// Hash of the sources its numbers depend on.
    pub science_version: String,
    /// Git revision it was built from, where known.
    pub revision: Option<String>,
}
