//! Removes contents that no file stands for: replaced checkpoints, checkpoints of runs that succeeded.

use std::time::Duration;

use super::DutyError;
use crate::{App, db};

/// A content is kept this long after it was last given, so that a claim's checkpoint can still be fetched.
const UNUSED_FOR: Duration = Duration::from_hours(1);
/// Contents that one transaction removes.
const BATCH: i64 = 50;

/// Removes what is unused. Says how many.
///
/// # Errors
/// The database or the disk fails.
pub async fn prune_files(app: &App) -> Result<u64, DutyError> {
    let mut pruned = 0;
    loop {
        // The rows stay locked until their bytes are gone: who stores the same content meanwhile waits, and then puts
        // it in its place again.
        let mut db = db::begin(&app.db).await?;
        let hashes = db::artifacts::release_blobs(&mut db, UNUSED_FOR, BATCH).await?;
        for hash in &hashes {
            app.files.remove(hash).await?;
        }
        db.commit().await?;
        pruned += hashes.len() as u64;
        if (hashes.len() as i64) < BATCH {
            return Ok(pruned);
        }
    }
}
