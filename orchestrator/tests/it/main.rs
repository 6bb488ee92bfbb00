//! The orchestrator against a real Postgres: one database a test, time moved in the database and never waited for.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share fails a test as well by a panic"
)]

mod artifacts;
mod bench_platform;
mod bench_table;
mod cancelling;
mod claims;
mod errors;
mod events;
mod experiments;
mod exports;
mod extending;
mod finishing;
mod leases;
mod model;
mod pausing;
mod planning;
mod preempting;
mod programs;
mod retrying;
mod rules;
mod schema;
mod scoring;
mod simulation;
mod snapshots;
mod support;
mod table;
mod waiting;
