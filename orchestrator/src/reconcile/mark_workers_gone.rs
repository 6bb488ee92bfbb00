//! Notes which workers have been silent for longer than a lease. Leases do not depend on it: lists do.

use super::DutyError;
use crate::{App, db};

/// Marks silent workers; a later heartbeat unmarks them. Says how many.
///
/// # Errors
/// The database cannot be reached.
pub async fn mark_workers_gone(app: &App) -> Result<u64, DutyError> {
    let gone = db::workers::mark_gone(&app.db, app.intervals.lease).await?;
    if gone > 0 {
        tracing::warn!(workers = gone, "workers went silent");
    }
    Ok(gone)
}
