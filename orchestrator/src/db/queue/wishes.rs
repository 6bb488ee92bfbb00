//! Open jobs of which somebody wishes something: cancelled, paused, resumed, stopped for another.

use mrprism_protocol::id::{ExperimentId, JobId, RunId};
use mrprism_protocol::state::{Asked, JobState};
use sqlx::PgConnection;

use crate::domain::{Answer, OpenJob};

/// Locks the open jobs of a run or of a whole experiment, in order.
///
/// # Errors
/// The database cannot be reached.
pub async fn lock_open(
    db: &mut PgConnection,
    experiment: Option<ExperimentId>,
    run: Option<RunId>,
) -> Result<Vec<OpenJob>, sqlx::Error> {
    let rows = sqlx::query!(
        "select j.id, j.state, j.asked from jobs j join runs r on r.id = j.run_id
         where j.ended_at is null and ($1::uuid is null or r.experiment_id = $1) and ($2::uuid is null or r.id = $2)
         order by j.id for update of j",
        experiment.map(|id| id.0),
        run.map(|id| id.0)
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(OpenJob {
                id: row.id.into(),
                state: crate::db::spelled(&row.state)?,
                asked: crate::db::spelled_or_none(row.asked.as_deref())?,
            })
        })
        .collect()
}

/// Gives locked jobs these answers; `reason` is why those end that do. Says how many changed, and whether some may be claimed
/// now that could not before.
///
/// # Errors
/// The database cannot be reached.
pub async fn give(
    db: &mut PgConnection,
    answers: &[(Answer, Vec<JobId>)],
    reason: &str,
) -> Result<Given, sqlx::Error> {
    let mut given = Given::default();
    for (answer, jobs) in answers {
        match answer {
            Answer::Become(state) => {
                let why = state.is_terminal().then_some(reason);
                become_state(db, jobs, *state, why).await?;
                given.queued |= !state.is_terminal();
            }
            Answer::Ask(asked) => ask(db, jobs, *asked).await?,
            Answer::Nothing => continue,
        }
        given.changed += jobs.len() as u64;
    }
    Ok(given)
}

/// What answers came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Given {
    /// Jobs that changed, or whose holders are asked for something else.
    pub changed: u64,
    /// Whether some may be claimed now that could not before.
    pub queued: bool,
}

/// Changes the state of locked jobs that nobody works on. What waits for a run that is cancelled is cancelled with it.
///
/// # Errors
/// The database cannot be reached.
async fn become_state(
    db: &mut PgConnection,
    jobs: &[JobId],
    state: JobState,
    reason: Option<&str>,
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = jobs.iter().map(|job| job.0).collect();
    let changed = sqlx::query!(
        "update jobs set state = $2, reason = $3, ended_at = case when $4 then mrprism_now() end
         where id = any($1) and state in ('blocked', 'queued', 'paused')",
        &ids,
        state.as_str(),
        reason,
        state.is_terminal()
    )
    .execute(&mut *db)
    .await?
    .rows_affected();
    crate::db::exactly(ids.len() as u64, changed, "change jobs")?;
    if state.is_terminal() {
        crate::db::dependents::cancel_of_jobs(db, &ids).await?;
    }
    Ok(())
}

/// Asks the holders of locked, leased jobs for this.
///
/// # Errors
/// The database cannot be reached.
async fn ask(
    db: &mut PgConnection,
    jobs: &[JobId],
    asked: Option<Asked>,
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = jobs.iter().map(|job| job.0).collect();
    let changed = sqlx::query!(
        "update jobs set asked = $2 where id = any($1) and state = 'leased'",
        &ids,
        asked.map(Asked::as_str)
    )
    .execute(db)
    .await?
    .rows_affected();
    crate::db::exactly(ids.len() as u64, changed, "ask the holders of jobs")
}
