//! Attempts: tries at jobs, whose rows are the leases.

use std::collections::BTreeMap;
use std::time::Duration;

use mrprism_protocol::id::{AttemptId, Fence, JobId, RunId};
use mrprism_protocol::state::{Asked, AttemptOutcome};
use mrprism_protocol::wire::AttemptView;
use sqlx::types::Uuid;
use sqlx::{PgConnection, PgPool};

use crate::domain::{Candidate, Claimer, Ending, History, LiveAttempt};

/// Writes a lease on a locked candidate: the attempt's row.
///
/// # Errors
/// The database cannot be reached, or the job or the device has a live attempt.
pub async fn create(
    db: &mut PgConnection,
    id: AttemptId,
    candidate: &Candidate,
    claimer: &Claimer,
    nonce: Uuid,
    lease: Duration,
) -> Result<(), sqlx::Error> {
    let made = sqlx::query!(
        "insert into attempts (id, job_id, run_id, number, nonce, worker_id, host, device_kind, device_index,
            lease_expires_at)
         select $1, $2, $3, coalesce(max(number), 0) + 1, $4, $5, $6, $7, $8, mrprism_now() + make_interval(secs => $9)
         from attempts where run_id = $3",
        id.0,
        candidate.job.0,
        candidate.run.0,
        nonce,
        claimer.worker.0,
        claimer.host,
        claimer.device.kind.as_str(),
        claimer.device.index as i32,
        lease.as_secs_f64()
    )
    .execute(db)
    .await?
    .rows_affected();
    crate::db::exactly(1, made, "write a lease")
}

/// What a nonce has got before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// Nothing: it is new.
    Nothing,
    /// This attempt, which is live.
    Live(AttemptId),
    /// An attempt that has ended.
    Ended,
}

/// What this nonce has got before.
///
/// # Errors
/// The database cannot be reached.
pub async fn by_nonce(db: &mut PgConnection, nonce: Uuid) -> Result<Claimed, sqlx::Error> {
    let row = sqlx::query!(
        r#"select id, (outcome is null) as "live!" from attempts where nonce = $1"#,
        nonce
    )
    .fetch_optional(db)
    .await?;
    Ok(match row {
        None => Claimed::Nothing,
        Some(row) if row.live => Claimed::Live(row.id.into()),
        Some(_) => Claimed::Ended,
    })
}

/// A live attempt as the database has it.
struct LiveRow {
    id: Uuid,
    job_id: Uuid,
    run_id: Uuid,
    fence: i64,
    kind: String,
    infrastructure_failures: i32,
    memory_failures: i32,
    own_failures: i32,
    retries: i32,
    asked: Option<String>,
    limited: bool,
    progress_minutes: Option<i32>,
}

impl LiveRow {
    fn read(self) -> Result<LiveAttempt, sqlx::Error> {
        Ok(LiveAttempt {
            attempt: self.id.into(),
            job: self.job_id.into(),
            run: self.run_id.into(),
            fence: Fence(self.fence),
            kind: crate::db::spelled(&self.kind)?,
            limited: self.limited,
            history: History {
                infrastructure_failures: self.infrastructure_failures as u32,
                memory_failures: self.memory_failures as u32,
                own_failures: self.own_failures as u32,
                retries: self.retries as u32,
                asked: crate::db::spelled_or_none(self.asked.as_deref())?,
            },
        })
    }
}

/// Locks the live attempt that has this job and fence; none where the lease is gone.
///
/// # Errors
/// The database cannot be reached.
pub async fn lock_live(
    db: &mut PgConnection,
    job: JobId,
    fence: Fence,
) -> Result<Option<LiveAttempt>, sqlx::Error> {
    let row = sqlx::query_as!(
        LiveRow,
        r#"select a.id, a.job_id, a.run_id, a.fence, j.kind, j.infrastructure_failures, j.memory_failures, j.own_failures,
            e.retries, j.asked, (e.max_parallel is not null) as "limited!", e.progress_minutes
         from attempts a join jobs j on j.id = a.job_id join runs r on r.id = a.run_id
            join experiments e on e.id = r.experiment_id
         where a.job_id = $1 and a.fence = $2 and a.outcome is null
         for update of a, j"#,
        job.0,
        fence.0
    )
    .fetch_optional(db)
    .await?;
    row.map(LiveRow::read).transpose()
}

/// How the attempt with this job and fence ended; none where there is none or it is live.
///
/// # Errors
/// The database cannot be reached.
pub async fn outcome(
    db: &mut PgConnection,
    job: JobId,
    fence: Fence,
) -> Result<Option<AttemptOutcome>, sqlx::Error> {
    let outcome = sqlx::query_scalar!(
        "select outcome from attempts where job_id = $1 and fence = $2",
        job.0,
        fence.0
    )
    .fetch_optional(db)
    .await?
    .flatten();
    outcome
        .as_deref()
        .map(crate::db::spelled::<AttemptOutcome>)
        .transpose()
}

/// Locks at most `limit` live attempts whose lease has run out, and their jobs, skipping what others have locked.
///
/// # Errors
/// The database cannot be reached.
pub async fn lock_expired(
    db: &mut PgConnection,
    limit: i64,
) -> Result<Vec<LiveAttempt>, sqlx::Error> {
    let rows = sqlx::query_as!(
        LiveRow,
        r#"select a.id, a.job_id, a.run_id, a.fence, j.kind, j.infrastructure_failures, j.memory_failures, j.own_failures,
            e.retries, j.asked, (e.max_parallel is not null) as "limited!", e.progress_minutes
         from attempts a join jobs j on j.id = a.job_id join runs r on r.id = a.run_id
            join experiments e on e.id = r.experiment_id
         where a.ended_at is null and a.lease_expires_at < mrprism_now()
         order by a.lease_expires_at, a.id limit $1
         for update of a, j skip locked"#,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(LiveRow::read).collect()
}

/// A live attempt that got no further for longer than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hung {
    /// The attempt.
    pub live: LiveAttempt,
    /// How long it may, in minutes.
    pub minutes: u64,
}

/// Locks at most `limit` live attempts, and their jobs, that got no further for as long as their experiment allows, or
/// `usual` where it says nothing; skips what others have locked.
///
/// # Errors
/// The database cannot be reached.
pub async fn lock_hung(
    db: &mut PgConnection,
    usual: Duration,
    limit: i64,
) -> Result<Vec<Hung>, sqlx::Error> {
    let rows = sqlx::query_as!(
        LiveRow,
        r#"select a.id, a.job_id, a.run_id, a.fence, j.kind, j.infrastructure_failures, j.memory_failures, j.own_failures,
            e.retries, j.asked, (e.max_parallel is not null) as "limited!", e.progress_minutes
         from attempts a join jobs j on j.id = a.job_id join runs r on r.id = a.run_id
            join experiments e on e.id = r.experiment_id
         where a.ended_at is null
            and a.progress_at < mrprism_now() - coalesce(make_interval(mins => e.progress_minutes), make_interval(secs => $1))
         order by a.progress_at, a.id limit $2
         for update of a, j skip locked"#,
        usual.as_secs_f64(),
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Hung {
                minutes: row
                    .progress_minutes
                    .map_or(usual.as_secs() / 60, |minutes| minutes as u64),
                live: row.read()?,
            })
        })
        .collect()
}

/// Whether this process may reap now: one reaper at a time, until the transaction ends.
///
/// # Errors
/// The database cannot be reached.
pub async fn only_reaper(db: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('mrprism reaper', 0)) as "locked!""#
    )
    .fetch_one(db)
    .await
}

/// Ends a locked attempt.
///
/// # Errors
/// The database cannot be reached, or the attempt has ended already.
pub async fn end(
    db: &mut PgConnection,
    attempt: AttemptId,
    ending: &Ending,
) -> Result<(), sqlx::Error> {
    let changed = sqlx::query!(
        "update attempts set ended_at = mrprism_now(), outcome = $2, message = $3 where id = $1 and outcome is null",
        attempt.0,
        ending.outcome.as_str(),
        ending.message
    )
    .execute(db)
    .await?
    .rows_affected();
    crate::db::exactly(1, changed, "end an attempt")
}

/// A lease that was renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// Its job.
    pub job: JobId,
    /// Its fence.
    pub fence: Fence,
    /// What its holder is to do.
    pub asked: Option<Asked>,
}

/// Renews those of the named leases that are live and this worker's. One that has run out but was not reaped is live.
///
/// # Errors
/// The database cannot be reached.
pub async fn renew(
    db: &mut PgConnection,
    worker: Uuid,
    leases: &[(JobId, Fence)],
    lease: Duration,
) -> Result<Vec<Renewed>, sqlx::Error> {
    let jobs: Vec<_> = leases.iter().map(|(job, _)| job.0).collect();
    let fences: Vec<_> = leases.iter().map(|(_, fence)| fence.0).collect();
    let rows = sqlx::query!(
        "with held as (
            select a.id from attempts a join unnest($2::uuid[], $3::bigint[]) as named(job, fence)
                on a.job_id = named.job and a.fence = named.fence
            where a.worker_id = $1 and a.outcome is null
            order by a.id for update of a
         )
         update attempts a set lease_expires_at = mrprism_now() + make_interval(secs => $4)
         from held, jobs j
         where a.id = held.id and j.id = a.job_id
         returning a.job_id, a.fence, j.asked",
        worker,
        &jobs,
        &fences,
        lease.as_secs_f64()
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Renewed {
                job: row.job_id.into(),
                fence: Fence(row.fence),
                asked: crate::db::spelled_or_none(row.asked.as_deref())?,
            })
        })
        .collect()
}

/// The attempts of these runs, oldest first.
///
/// # Errors
/// The database cannot be reached.
pub async fn views(
    pool: &PgPool,
    runs: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<AttemptView>>, sqlx::Error> {
    let rows = sqlx::query!(
        "select run_id, id, number, worker_id, host, started_at, ended_at, outcome, message, resumed_from_epoch,
            resumed_from_step
         from attempts where run_id = any($1) order by run_id, number",
        runs
    )
    .fetch_all(pool)
    .await?;
    let mut views: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows {
        let outcome = row
            .outcome
            .as_deref()
            .map(crate::db::spelled::<AttemptOutcome>)
            .transpose()?;
        views.entry(row.run_id).or_default().push(AttemptView {
            id: row.id.into(),
            number: row.number as u32,
            worker: row.worker_id.into(),
            host: row.host,
            started_at: row.started_at,
            ended_at: row.ended_at,
            outcome,
            message: row.message,
            resumed_from_epoch: row.resumed_from_epoch.map(|epoch| epoch as u64),
            resumed_from_step: row.resumed_from_step.map(|step| step as u64),
        });
    }
    Ok(views)
}

/// The run of the live attempt with this job and fence; none where the lease is gone. Locks nothing.
///
/// # Errors
/// The database cannot be reached.
pub async fn live_run(
    pool: &PgPool,
    job: JobId,
    fence: Fence,
) -> Result<Option<RunId>, sqlx::Error> {
    let run = sqlx::query_scalar!(
        "select run_id from attempts where job_id = $1 and fence = $2 and outcome is null",
        job.0,
        fence.0
    )
    .fetch_optional(pool)
    .await?;
    Ok(run.map(RunId))
}
