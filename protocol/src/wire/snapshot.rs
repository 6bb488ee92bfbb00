//! Frozen tables: `POST /api/v1/experiments/{id or name}/freeze`, `GET /api/v1/snapshots`, `GET /api/v1/snapshots/{name}`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Table;
use crate::id::RunId;
use crate::spec::{Fingerprint, Seed};
use crate::state::JobState;

/// What is asked of a freeze.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// The snapshot's name; none for the experiment's and the first digits of the content's hash.
    #[serde(default)]
    pub name: Option<String>,
}

/// A frozen table without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotView {
    /// Its name, unique on a server.
    pub name: String,
    /// The experiment's name.
    pub experiment: String,
    /// BLAKE3 in hex of the table as `mrprism table --json` prints it, without the last line's end.
    pub hash: String,
    /// When it was frozen.
    pub created_at: DateTime<Utc>,
    /// The runs whose numbers it holds or lacks.
    pub cites: Vec<Cited>,
}

/// A run that a frozen table is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cited {
    /// The run.
    pub run: RunId,
    /// The arm.
    pub arm: String,
    /// The replicate.
    pub seed: Seed,
    /// The fold.
    pub fold: Option<u32>,
    /// Where it stood.
    pub state: JobState,
    /// Hash of spec, seed, fold and science version.
    pub fingerprint: Fingerprint,
    /// Hash of the sources its numbers depend on.
    pub science_version: String,
}

/// A frozen table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// What it is.
    #[serde(flatten)]
    pub view: SnapshotView,
    /// The table as it was.
    pub table: Table,
}
