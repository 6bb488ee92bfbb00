//! Has runs of low priority give their devices to more urgent ones.

use super::DutyError;
use crate::queue::preempt::{Preemption, preemptions};
use crate::{App, db};

/// Waiting jobs of a pool that one look considers.
const LOOK_AHEAD: i64 = 64;

/// Looks once at every pool where an urgent job waits. Says who is to stop for whom.
///
/// # Errors
/// The database cannot be reached.
pub async fn preempt(app: &App) -> Result<Vec<Preemption>, DutyError> {
    let mut db = db::begin(&app.db).await?;
    // Two servers that looked at once would ask two to stop for one.
    if !db::attempts::only_reaper(&mut db).await? {
        return Ok(Vec::new());
    }
    let mut done = Vec::new();
    for pool in db::preemption::contested_pools(&mut db).await? {
        let devices = db::preemption::devices(&mut db, &pool, app.intervals.lease).await?;
        let waiting = db::preemption::urgent(&mut db, &pool, LOOK_AHEAD).await?;
        for preemption in preemptions(&waiting, &devices) {
            if db::preemption::preempt(&mut db, preemption.victim, preemption.by).await? {
                tracing::info!(victim = %preemption.victim, by = %preemption.by, "a run is stopped for a more urgent one");
                done.push(preemption);
            }
        }
    }
    db.commit().await?;
    Ok(done)
}
