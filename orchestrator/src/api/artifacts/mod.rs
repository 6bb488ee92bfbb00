//! Stored files: taken from the holder of a lease, read by whoever knows the hash.

pub(super) mod get;
pub(super) mod put;
