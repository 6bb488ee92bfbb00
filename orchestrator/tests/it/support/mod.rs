//! What the tests share: a database each, a server on it, workers and experiments.

mod bundle;
mod database;
mod server;
mod worker;

pub(crate) use bundle::{bundle, bundle_on, phantom};
pub(crate) use database::{empty_database, fresh_database};
pub(crate) use server::{Answer, Server};
pub(crate) use worker::{Worker, introduction};

/// How long anything may take before a test fails rather than hang.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);

/// The value, unless it takes too long.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("{what} took over {PATIENCE:?}"))
}
