//! Errors over HTTP (RFC 9457, `application/problem+json`).

use serde::{Deserialize, Serialize};

use crate::spec::SpecError;

/// What went wrong, for people and programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable word for programs, e.g. `about:blank` or `mrprism:lease-lost`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short, the same for every occurrence.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// This occurrence, and what to do about it.
    pub detail: String,
    /// Faults of a definition, one each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<SpecError>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)?;
        self.errors
            .iter()
            .try_for_each(|error| write!(f, "\n  {error}"))
    }
}
