//! The orchestrator: one queue, one truth.
//!
//! It keeps experiments, leases work to workers, stores what they report and prints tables. `docs/queue.md` draws the
//! queue's states and names the rules; [`serve`] is the whole program.

pub mod api;
pub mod artifact;
pub mod auth;
pub mod clock;
pub mod config;
pub mod db;
pub mod domain;
pub mod embedded_postgres;
mod entropy;
pub mod error;
mod home;
pub mod live;
pub mod queue;
pub mod reconcile;
pub mod report;
mod server;
mod state;
mod testing;

pub use server::{Running, serve};
pub use state::App;
pub use testing::with_test_database;
