//! Jobs that wait, as blocked, for a run to be trained.

use mrprism_protocol::id::RunId;
use sqlx::PgConnection;
use sqlx::types::Uuid;

/// The run has been trained: what waited for it may be claimed, or waits for a person where its experiment is paused.
///
/// # Errors
/// The database cannot be reached.
pub async fn release(db: &mut PgConnection, run: RunId) -> Result<u64, sqlx::Error> {
    let released = sqlx::query!(
        "update jobs j set state = case when e.paused_at is null then 'queued' else 'paused' end, reason = null
         from runs r join experiments e on e.id = r.experiment_id
         where j.state = 'blocked' and j.waits_for = $1 and r.id = j.run_id",
        run.0
    )
    .execute(db)
    .await?;
    Ok(released.rows_affected())
}

/// The runs will not be trained: what waits for them, and for what waits for them, is cancelled.
///
/// # Errors
/// The database cannot be reached.
pub async fn cancel(db: &mut PgConnection, runs: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with recursive untrained(run_id) as (
            select unnest($1::uuid[])
            union
            select j.run_id from jobs j join untrained u on j.waits_for = u.run_id
            where j.state = 'blocked' and j.kind = 'train'
         )
         update jobs set state = 'cancelled', ended_at = mrprism_now(),
            reason = 'It waited for a run that was not trained.'
         where state = 'blocked' and waits_for in (select run_id from untrained)",
        runs
    )
    .execute(db)
    .await?;
    Ok(())
}

/// [`cancel`] for the runs that these training jobs were to train.
///
/// # Errors
/// The database cannot be reached.
pub async fn cancel_of_jobs(db: &mut PgConnection, jobs: &[Uuid]) -> Result<(), sqlx::Error> {
    let runs = sqlx::query_scalar!(
        "select run_id from jobs where id = any($1) and kind = 'train'",
        jobs
    )
    .fetch_all(&mut *db)
    .await?;
    cancel(db, &runs).await
}
