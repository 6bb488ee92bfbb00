//! Duties that run beside the calls: one a file, each written so that twice equals once.

mod deadlines;
mod end_hung;
mod expire_leases;
mod mark_workers_gone;
mod preempt;
mod prune_files;

use std::time::Duration;

pub use deadlines::deadlines;
pub use end_hung::end_hung;
pub use expire_leases::{LeaseReaper, expire};
pub use mark_workers_gone::mark_workers_gone;
pub use preempt::preempt;
pub use prune_files::prune_files;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use crate::App;

/// Between looks for contents that nothing stands for.
const PRUNE_EVERY: Duration = Duration::from_mins(10);

/// Starts every duty; each ends soon after `app.shutdown`.
pub fn start(app: &App, tasks: &mut JoinSet<()>) {
    let mut reaper = LeaseReaper::new(app.intervals);
    let reaper_app = app.clone();
    tasks.spawn(every(app.clone(), app.intervals.reaper, async move || {
        let expired = reaper.tick(&reaper_app).await?;
        mark_workers_gone(&reaper_app).await?;
        Ok(expired)
    }));
    let looking_app = app.clone();
    tasks.spawn(every(app.clone(), app.intervals.reaper, async move || {
        let cancelled = deadlines(&looking_app).await?;
        Ok(cancelled + preempt(&looking_app).await?.len() as u64)
    }));
    let prune_app = app.clone();
    tasks.spawn(every(app.clone(), PRUNE_EVERY, async move || {
        prune_files(&prune_app).await
    }));
}

/// Why a duty could not be done this time.
#[derive(Debug, thiserror::Error)]
pub enum DutyError {
    /// The database.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The store of files.
    #[error("the store of files failed")]
    Store(#[from] crate::artifact::StoreError),
}

/// Does `duty` every `interval`, first after one, until the shutdown. A failure is logged and the next time tries again.
///
/// Nothing is due at a start: a lease that ran out while the server was down gets a whole lease to be renewed.
async fn every<F>(app: App, interval: Duration, mut duty: F)
where
    F: AsyncFnMut() -> Result<u64, DutyError>,
{
    let mut ticks = tokio::time::interval_at(Instant::now() + interval, interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = duty().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a duty failed; it is tried again"
            );
        }
    }
}
