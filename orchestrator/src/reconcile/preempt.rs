//! Has runs of low priority give their devices to more urgent ones.

use chrono::{DateTime, Utc};

use super::DutyError;
use crate::db::preemption::{DeviceRow, RunningRow, UrgentRow};
use crate::queue::preempt::{Device, Preemption, Running, Waiting, preemptions};
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
    let now = db::clock::now(&app.db).await?;
    let mut done = Vec::new();
    for pool in db::preemption::contested_pools(&mut db).await? {
        let devices = db::preemption::devices(&mut db, &pool, app.intervals.lease).await?;
        let devices: Vec<_> = devices.into_iter().map(|row| device(row, now)).collect();
        let waiting = db::preemption::urgent(&mut db, &pool, LOOK_AHEAD).await?;
        let waiting: Vec<_> = waiting.into_iter().map(waiting_job).collect();
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

fn waiting_job(row: UrgentRow) -> Waiting {
    Waiting {
        candidate: row.candidate,
        priority: row.priority,
        room: row.room,
    }
}

fn device(row: DeviceRow, now: DateTime<Utc>) -> Device {
    Device {
        claimer: row.claimer,
        running: row.running.map(|running| at_work(running, now)),
    }
}

fn at_work(row: RunningRow, now: DateTime<Utc>) -> Running {
    Running {
        job: row.job,
        priority: row.priority,
        preemptible: row.preemptible,
        leaving: row.asked,
        worked: now - row.started_at,
        in_peace: row.preempted_at.map(|at| now - at),
    }
}
