//! Runs: look, read, cancel.

pub(super) mod artifacts;
pub(super) mod cancel;
pub(super) mod logs;
pub(super) mod metrics;
pub(super) mod show;
