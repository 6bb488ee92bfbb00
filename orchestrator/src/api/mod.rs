//! The HTTP interface: one verb a file.

mod artifacts;
mod cancelling;
mod datasets;
mod experiments;
mod extract;
mod health;
mod routes;
mod runs;
mod snapshots;
mod status;
mod worker;
mod workers;

pub use routes::{PUBLIC, ROUTES, router};
