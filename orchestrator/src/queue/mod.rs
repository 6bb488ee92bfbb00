//! The queue's rules: pure functions that decide and do nothing. Time and chance are arguments.
//!
//! `docs/queue.md` draws the states and names the test that shows each rule.

pub mod dedupe;
pub mod lease;
pub mod match_worker;
pub mod order;
pub mod parallel;
pub mod preempt;
pub mod reaper;
pub mod retry;
