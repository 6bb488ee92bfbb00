//! What the queue is about: jobs, attempts, workers and experiments, as data with rules that need nothing else.

mod attempt;
mod contention;
mod experiment;
mod job;
mod wish;
mod worker;

pub use attempt::*;
pub use contention::*;
pub use experiment::*;
pub use job::*;
pub use wish::*;
pub use worker::*;
