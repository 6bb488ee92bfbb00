//! How fast a training step is, and what its time goes to.

mod machine;
mod step;

pub use step::{Breakdown, StepBench, StepTimes};
