//! What is told at once rather than found by polling.

mod queue_changed;

pub use queue_changed::QueueChanged;
