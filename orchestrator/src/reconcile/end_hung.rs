//! Ends attempts whose trainer gets no further though its worker lives, and gives their jobs back to the queue.

use super::DutyError;
use crate::domain::{Ending, LiveAttempt};
use crate::queue::retry;
use crate::{App, db, entropy};

/// Attempts that one transaction ends.
const BATCH: i64 = 100;

/// Looks once. The worker hears at its next heartbeat that its lease is gone, and ends the trainer.
///
/// # Errors
/// The database cannot be reached.
pub async fn end_hung(app: &App) -> Result<Vec<LiveAttempt>, DutyError> {
    let mut db = db::begin(&app.db).await?;
    if !db::attempts::only_reaper(&mut db).await? {
        return Ok(Vec::new());
    }
    let hung = db::attempts::lock_hung(&mut db, app.intervals.progress, BATCH).await?;
    for attempt in &hung {
        let ending = Ending::hung(attempt.minutes);
        let next = retry::next(ending.outcome, &attempt.live.history, entropy::jitter());
        db::attempts::end(&mut db, attempt.live.attempt, &ending).await?;
        db::jobs::settle(&mut db, &attempt.live, next).await?;
    }
    db.commit().await?;
    if !hung.is_empty() {
        tracing::warn!(
            attempts = hung.len(),
            "trainers got no further and were ended"
        );
        app.queue_changed.say();
    }
    Ok(hung.into_iter().map(|hung| hung.live).collect())
}
