//! `PUT /api/v1/worker/jobs/{job}/artifacts/{kind}/{name}?fence=N` stores a file; `GET /api/v1/artifacts/{hash}` reads it.

use serde::{Deserialize, Serialize};

/// A stored file, by content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactRef {
    /// BLAKE3 of the content, in hex.
    pub hash: String,
    /// Bytes.
    pub size: u64,
    /// File name within its run, e.g. `latest.safetensors` or `predictions/case35.mrp`.
    pub name: String,
}
