//! The HTTP interface: one verb a file.

mod artifacts;
mod datasets;
mod experiments;
mod extract;
mod health;
mod queue;
mod retrying;
mod routes;
mod runs;
mod snapshots;
mod status;
mod wishing;
mod worker;
mod workers;

pub use routes::{PUBLIC, ROUTES, router};
