//! What every call and every duty shares.

use std::sync::Arc;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::artifact::Store;
use crate::auth::Token;
use crate::live::QueueChanged;
use crate::queue::lease::Intervals;
use crate::report::Tables;

/// A cheap handle on what calls and duties share.
#[derive(Debug, Clone)]
pub struct App {
    /// The database.
    pub db: PgPool,
    /// Who may call.
    pub token: Token,
    /// Stored files.
    pub files: Store,
    /// Wakes claimers.
    pub queue_changed: QueueChanged,
    /// Lease, heartbeat and reaper.
    pub intervals: Intervals,
    /// Hash of the sources that runs' numbers depend on.
    pub science_version: Arc<str>,
    /// Tables as they were last made.
    pub tables: Tables,
    /// Tells everything to come to an end.
    pub shutdown: CancellationToken,
}
