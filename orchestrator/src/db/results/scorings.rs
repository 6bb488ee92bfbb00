//! Scorings: what jobs that score stored predictions again score with.

use mrprism_protocol::id::{JobId, RunId};
use sqlx::PgConnection;

use crate::db::jobs::Placing;

/// What queueing scorings came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Runs that were given a job.
    pub jobs: Vec<JobId>,
    /// Runs that have not succeeded, and are not waited for.
    pub without_result: u64,
    /// Runs with a job that is open.
    pub under_way: u64,
}

/// A run's scoring to be queued.
#[derive(Debug, Clone, PartialEq)]
pub struct Scoring {
    /// The job's id.
    pub job: JobId,
    /// The run.
    pub run: RunId,
    /// What it scores with.
    pub evaluation: serde_json::Value,
}

/// Locks the open training jobs of these runs: none of them ends before this transaction does, so that a scoring that waits for
/// one is seen by its end.
///
/// # Errors
/// The database cannot be reached.
pub async fn hold_trainings(
    db: &mut PgConnection,
    scorings: &[Scoring],
) -> Result<(), sqlx::Error> {
    let runs: Vec<_> = scorings.iter().map(|scoring| scoring.run.0).collect();
    sqlx::query!(
        "select id from jobs where run_id = any($1) and kind = 'train' and ended_at is null order by id for share",
        &runs
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// Queues scorings of runs that have succeeded and have no open job, in order, and blocks those of runs still to be trained
/// where `when_trained` says so; the others are counted.
///
/// # Errors
/// The database cannot be reached.
pub async fn enqueue(
    db: &mut PgConnection,
    scorings: &[Scoring],
    placing: &Placing,
    when_trained: bool,
) -> Result<Queued, sqlx::Error> {
    let ids: Vec<_> = scorings.iter().map(|scoring| scoring.job.0).collect();
    let runs: Vec<_> = scorings.iter().map(|scoring| scoring.run.0).collect();
    let evaluations: Vec<_> = scorings
        .iter()
        .map(|scoring| scoring.evaluation.clone())
        .collect();
    let row = sqlx::query!(
        r#"with asked as (
            select s.job, s.run, s.evaluation, s.position,
                exists (select from jobs j where j.run_id = s.run and j.kind = 'train' and j.state = 'succeeded') as trained,
                $10 and exists (select from jobs j where j.run_id = s.run and j.kind = 'train' and j.ended_at is null) as awaited
            from unnest($1::uuid[], $2::uuid[], $3::jsonb[]) with ordinality as s(job, run, evaluation, position)
         ), made as (
            insert into jobs (id, run_id, kind, state, pool, priority, place, memory_mib, labels, preemptible,
                waits_for)
            select job, run, 'score', case when trained then $7 else 'blocked' end, $4, $5, mrprism_now() - make_interval(secs => $6), 0, $8, $9,
                case when not trained then run end
            from asked where trained or awaited order by position
            on conflict do nothing
            returning id
         ), told as (
            insert into scorings (job_id, evaluation)
            select made.id, asked.evaluation from made join asked on asked.job = made.id
            returning job_id
         )
         select array(select told.job_id from told join asked on asked.job = told.job_id order by asked.position) as "jobs!",
            (select count(*) from asked where not trained and not awaited) as "without_result!",
            (select count(*) from asked where trained or awaited) - (select count(*) from told) as "under_way!""#,
        &ids,
        &runs,
        &evaluations,
        placing.queue.pool,
        placing.queue.priority,
        placing.head_start.as_seconds_f64(),
        crate::db::jobs::waiting(placing.paused).as_str(),
        &placing.queue.labels,
        placing.queue.preemptible,
        when_trained
    )
    .fetch_one(db)
    .await?;
    Ok(Queued {
        jobs: row.jobs.into_iter().map(JobId).collect(),
        without_result: row.without_result as u64,
        under_way: row.under_way as u64,
    })
}
