//! The orchestrator: one queue, one truth.
//!
//! It keeps experiments, leases work to workers, stores what they report and prints tables. `docs/queue.md` draws the
//! queue's states and names the rules; `serve` is the whole program.

pub mod clock;
pub mod db;
pub mod domain;
mod entropy;
pub mod queue;
