//! Ends attempts whose worker went silent, and gives their jobs back to the queue.

use super::{DutyError, end_hung};
use crate::domain::{Ending, LiveAttempt, Next};
use crate::queue::lease::Intervals;
use crate::queue::reaper::Grace;
use crate::queue::retry;
use crate::{App, db, entropy};

/// Attempts that one transaction ends.
const BATCH: i64 = 100;

/// The reaper, with its memory of when it last looked.
#[derive(Debug)]
pub struct LeaseReaper {
    grace: Grace,
}

impl LeaseReaper {
    /// At the server's start.
    pub fn new(intervals: Intervals) -> Self {
        Self {
            grace: Grace::new(intervals),
        }
    }

    /// Looks once: ends what has run out or hangs, unless holders are still owed time to be heard. Says how many ended.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn tick(&mut self, app: &App) -> Result<u64, DutyError> {
        let now = db::clock::now(&app.db).await?;
        if !self.grace.tick(now) {
            return Ok(0);
        }
        let expired = expire(app).await?.len() + end_hung(app).await?.len();
        Ok(expired as u64)
    }
}

/// Ends every attempt whose lease has run out, batch by batch. One reaper at a time: another that is at it already
/// makes this one end at once.
///
/// # Errors
/// The database cannot be reached.
pub async fn expire(app: &App) -> Result<Vec<LiveAttempt>, DutyError> {
    let mut expired = Vec::new();
    loop {
        let batch = expire_batch(app).await?;
        let more = batch.len() as i64 == BATCH;
        expired.extend(batch);
        if !more {
            break;
        }
    }
    if !expired.is_empty() {
        tracing::warn!(
            leases = expired.len(),
            "leases expired: their workers went silent"
        );
        app.queue_changed.say();
    }
    Ok(expired)
}

async fn expire_batch(app: &App) -> Result<Vec<LiveAttempt>, DutyError> {
    let mut db = db::begin(&app.db).await?;
    if !db::attempts::only_reaper(&mut db).await? {
        return Ok(Vec::new());
    }
    let ending = Ending::lost();
    let expired = db::attempts::lock_expired(&mut db, BATCH).await?;
    for live in &expired {
        let next: Next = retry::next(ending.outcome, &live.history, entropy::jitter());
        db::attempts::end(&mut db, live.attempt, &ending).await?;
        db::jobs::settle(&mut db, live, next).await?;
    }
    db::counters::add(&mut db, db::counters::LEASES_EXPIRED, expired.len() as u64).await?;
    db.commit().await?;
    Ok(expired)
}
