//! The queue's tables: jobs, attempts, and how experiments wait.

pub mod attempts;
pub mod channel;
pub mod claims;
pub mod dependents;
pub mod experiment_queues;
pub mod jobs;
pub mod places;
pub mod preemption;
pub mod retries;
pub mod wishes;
