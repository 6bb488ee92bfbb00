//! Cancels what has not ended when its experiment's deadline passes.

use super::DutyError;
use crate::domain::{Wish, answers};
use crate::{App, db};

const REASON: &str = "Its experiment's deadline passed.";

/// Looks once: what waits is cancelled, holders of leases are asked to end. Says how many jobs that were.
///
/// # Errors
/// The database cannot be reached.
pub async fn deadlines(app: &App) -> Result<u64, DutyError> {
    let mut db = db::begin(&app.db).await?;
    let mut jobs = 0;
    for experiment in db::experiment_queues::past_deadline(&mut db).await? {
        let open = db::wishes::lock_open(&mut db, Some(experiment), None).await?;
        let given = db::wishes::give(&mut db, &answers(Wish::Cancel, &open), REASON).await?;
        jobs += given.changed;
    }
    db.commit().await?;
    if jobs > 0 {
        tracing::warn!(jobs, "cancelled: their experiments' deadlines passed");
    }
    Ok(jobs)
}
