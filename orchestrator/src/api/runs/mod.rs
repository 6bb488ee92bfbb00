//! Runs: look, read, cancel, pause, move, retry.

pub(super) mod artifacts;
pub(super) mod cancel;
pub(super) mod logs;
pub(super) mod metrics;
pub(super) mod pausing;
pub(super) mod place;
pub(super) mod retry;
pub(super) mod show;
