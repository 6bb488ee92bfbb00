//! Jobs: the queue itself.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mrprism_protocol::id::{ExperimentId, JobId, RunId};
use mrprism_protocol::state::JobState;
use sqlx::{PgConnection, PgPool};

use crate::domain::{Candidate, Charge, Claimer, HeldDataset, Next};

/// Where and how urgently new jobs wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placing {
    /// Which workers may take them.
    pub pool: String,
    /// What a person gave them.
    pub priority: i32,
    /// How far ahead of now they stand (`queue::order`).
    pub head_start: TimeDelta,
}

/// Queues one training job for each run, in order.
///
/// # Errors
/// The database cannot be reached.
pub async fn enqueue(
    db: &mut PgConnection,
    jobs: &[(JobId, RunId)],
    placing: &Placing,
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = jobs.iter().map(|(job, _)| job.0).collect();
    let runs: Vec<_> = jobs.iter().map(|(_, run)| run.0).collect();
    let made = sqlx::query!(
        "insert into jobs (id, run_id, kind, state, pool, priority, place, memory_mib)
         select j.id, j.run, 'train', 'queued', $3, $4, mrprism_now() - make_interval(secs => $5), 0
         from unnest($1::uuid[], $2::uuid[]) as j(id, run)",
        &ids,
        &runs,
        placing.pool,
        placing.priority,
        placing.head_start.as_seconds_f64()
    )
    .execute(db)
    .await?
    .rows_affected();
    super::exactly(jobs.len() as u64, made, "queue jobs")
}

/// Locks at most `limit` jobs that are due in the claimer's pool, in order of place, skipping those that others have
/// locked. `after` is the last one of an earlier call.
///
/// # Errors
/// The database cannot be reached.
pub async fn lock_candidates(
    db: &mut PgConnection,
    claimer: &Claimer,
    after: Option<(DateTime<Utc>, JobId)>,
    silence: Duration,
    limit: i64,
) -> Result<Vec<Candidate>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select j.id, j.run_id, j.pool, j.place, j.device_kind, j.memory_mib,
                r.dataset_name as "dataset!", r.dataset_manifest as "manifest!",
                case when j.kind = 'train' then r.science_version end as science_version,
                (select count(*) from attempts a
                    where a.job_id = j.id and a.host = $2 and a.outcome in ('lost', 'infrastructure')) as "failures!",
                exists (select from workers w join worker_datasets d on d.worker_id = w.id
                    where w.pool = j.pool and w.host <> $2 and not w.draining
                        and w.last_seen_at >= mrprism_now() - make_interval(secs => $5)
                        and (j.kind <> 'train' or w.science_version = r.science_version)
                        and d.name = r.dataset_name and d.manifest = r.dataset_manifest
                        and (j.device_kind is null
                            or w.devices @> jsonb_build_array(jsonb_build_object('kind', j.device_kind)))) as "elsewhere!"
           from jobs j join runs r on r.id = j.run_id
           where j.state = 'queued' and j.pool = $1 and j.not_before <= mrprism_now()
                and ($3::timestamptz is null or (j.place, j.id) > ($3, $4))
           order by j.place, j.id
           limit $6
           for update of j skip locked"#,
        claimer.pool,
        claimer.host,
        after.map(|(place, _)| place),
        after.map(|(_, job)| job.0),
        silence.as_secs_f64(),
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Candidate {
                job: row.id.into(),
                run: row.run_id.into(),
                pool: row.pool,
                place: row.place,
                device_kind: row
                    .device_kind
                    .map(|kind| super::spelled(&kind))
                    .transpose()?,
                memory_mib: row.memory_mib as u64,
                dataset: HeldDataset {
                    name: row.dataset,
                    manifest: row.manifest,
                },
                science_version: row.science_version,
                infrastructure_failures_here: row.failures as u32,
                another_host_fits: row.elsewhere,
            })
        })
        .collect()
}

/// Marks a job as leased.
///
/// # Errors
/// The database cannot be reached, or the job is not queued.
pub async fn lease(db: &mut PgConnection, job: JobId) -> Result<(), sqlx::Error> {
    let changed = sqlx::query!(
        "update jobs set state = 'leased' where id = $1 and state = 'queued'",
        job.0
    )
    .execute(db)
    .await?
    .rows_affected();
    super::exactly(1, changed, "lease a job")
}

/// Writes what becomes of a leased job whose attempt has ended.
///
/// # Errors
/// The database cannot be reached, or the job is not leased.
pub async fn settle(db: &mut PgConnection, job: JobId, next: Next) -> Result<(), sqlx::Error> {
    let changed = match next {
        Next::End(terminal) => sqlx::query!(
            "update jobs set state = $2, ended_at = mrprism_now() where id = $1 and state = 'leased'",
            job.0,
            JobState::from(terminal).as_str()
        )
        .execute(db)
        .await?,
        Next::Requeue { after, charge } => sqlx::query!(
            "update jobs set state = 'queued', not_before = mrprism_now() + make_interval(secs => $2),
                infrastructure_failures = infrastructure_failures + $3, memory_failures = memory_failures + $4
             where id = $1 and state = 'leased'",
            job.0,
            after.as_secs_f64(),
            i32::from(charge == Charge::Infrastructure),
            i32::from(charge == Charge::Memory)
        )
        .execute(db)
        .await?,
    };
    super::exactly(1, changed.rows_affected(), "settle a job")
}

/// Locks the open jobs of a run or of a whole experiment, in order, and says their states.
///
/// # Errors
/// The database cannot be reached.
pub async fn lock_open(
    db: &mut PgConnection,
    experiment: Option<ExperimentId>,
    run: Option<RunId>,
) -> Result<Vec<(JobId, JobState)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select j.id, j.state from jobs j join runs r on r.id = j.run_id
         where j.ended_at is null and ($1::uuid is null or r.experiment_id = $1) and ($2::uuid is null or r.id = $2)
         order by j.id for update of j",
        experiment.map(|id| id.0),
        run.map(|id| id.0)
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.id.into(), super::spelled(&row.state)?)))
        .collect()
}

/// Cancels locked jobs that nobody works on.
///
/// # Errors
/// The database cannot be reached.
pub async fn cancel(db: &mut PgConnection, jobs: &[JobId]) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = jobs.iter().map(|job| job.0).collect();
    let changed = sqlx::query!(
        "update jobs set state = 'cancelled', cancel_requested = true, ended_at = mrprism_now()
         where id = any($1) and state in ('blocked', 'queued', 'paused')",
        &ids
    )
    .execute(db)
    .await?
    .rows_affected();
    super::exactly(ids.len() as u64, changed, "cancel jobs")
}

/// Asks the holders of locked, leased jobs to stop.
///
/// # Errors
/// The database cannot be reached.
pub async fn request_cancel(db: &mut PgConnection, jobs: &[JobId]) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = jobs.iter().map(|job| job.0).collect();
    let changed = sqlx::query!(
        "update jobs set cancel_requested = true where id = any($1) and state = 'leased'",
        &ids
    )
    .execute(db)
    .await?
    .rows_affected();
    super::exactly(ids.len() as u64, changed, "ask for jobs to be cancelled")
}

/// Jobs by state.
///
/// # Errors
/// The database cannot be reached.
pub async fn counts(pool: &PgPool) -> Result<BTreeMap<JobState, u64>, sqlx::Error> {
    let rows = sqlx::query!(r#"select state, count(*) as "jobs!" from jobs group by state"#)
        .fetch_all(pool)
        .await?;
    rows.into_iter()
        .map(|row| Ok((super::spelled(&row.state)?, row.jobs as u64)))
        .collect()
}
