//! Stored files: contents by their BLAKE3 hash, streamed to and from the local disk.

mod name;
mod store;

pub use name::{ArtifactName, BadName};
pub use store::{Store, StoreError, Stored};
