//! Jobs: the queue itself.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mrprism_protocol::id::{JobId, RunId};
use mrprism_protocol::spec::QueueFile;
use mrprism_protocol::state::{DeviceKind, JobKind, JobState};
use sqlx::{PgConnection, PgPool};

use crate::domain::{Candidate, Charge, Claimer, HeldDataset, LiveAttempt, Next, Terminal};

/// Where and how urgently new jobs wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placing {
    /// What their experiment's `[queue]` table says now.
    pub queue: QueueFile,
    /// How far ahead of now they stand (`queue::order`).
    pub head_start: TimeDelta,
    /// Whether they wait for a person, because their experiment is paused.
    pub paused: bool,
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
    let Placing {
        queue,
        head_start,
        paused,
    } = placing;
    let made = sqlx::query!(
        "insert into jobs (id, run_id, kind, state, pool, priority, place, memory_mib, labels, device_kind, preemptible)
         select j.id, j.run, 'train', $10, $3, $4, mrprism_now() - make_interval(secs => $5), $6, $7, $8, $9
         from unnest($1::uuid[], $2::uuid[]) as j(id, run)",
        &ids,
        &runs,
        queue.pool,
        queue.priority,
        head_start.as_seconds_f64(),
        queue.memory_mib as i64,
        &queue.labels,
        queue.device.map(DeviceKind::as_str),
        queue.preemptible,
        waiting(*paused).as_str()
    )
    .execute(db)
    .await?
    .rows_affected();
    crate::db::exactly(jobs.len() as u64, made, "queue jobs")
}

/// The state of a job that may be claimed, or waits for a person.
pub(crate) const fn waiting(paused: bool) -> JobState {
    if paused {
        JobState::Paused
    } else {
        JobState::Queued
    }
}

/// Locks at most `limit` jobs that are due in the claimer's pool, in order of place, skipping those that others have
/// locked and those of experiments that have as many at work as they may. `after` is the last one of an earlier call.
///
/// What is asked of each job is asked of the locked ones only: a claim passes many that others have locked. Another host is
/// looked for only where this one has failed.
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
        r#"with full_up as materialized (
                select e.id from attempts a join runs r on r.id = a.run_id join experiments e on e.id = r.experiment_id
                where a.ended_at is null and e.max_parallel is not null
                group by e.id having count(*) >= e.max_parallel),
           locked as materialized (
                select j.id, j.run_id, j.kind, j.pool, j.place, j.device_kind, j.memory_mib, j.labels, e.id as experiment,
                    e.max_parallel, r.dataset_name, r.dataset_manifest, r.science_version
                from jobs j join runs r on r.id = j.run_id join experiments e on e.id = r.experiment_id
                where j.state = 'queued' and j.pool = $1 and j.not_before <= (select mrprism_now())
                    and e.id not in (select id from full_up)
                    and ($3::timestamptz is null or (j.place, j.id) > ($3, $4))
                order by j.place, j.id
                limit $6
                for update of j skip locked)
           select l.id, l.run_id, l.pool, l.place, l.device_kind, l.memory_mib, l.labels, l.experiment, l.max_parallel,
                l.dataset_name as "dataset!", l.dataset_manifest as "manifest!",
                case when l.kind = 'train' then l.science_version end as science_version,
                failed.times as "failures!",
                failed.times > 0 and exists (select from workers w join worker_datasets d on d.worker_id = w.id
                    where w.pool = l.pool and w.host <> $2 and not w.draining
                        and w.last_seen_at >= mrprism_now() - make_interval(secs => $5)
                        and w.labels @> l.labels
                        and (l.kind <> 'train' or w.science_version = l.science_version)
                        and d.name = l.dataset_name and d.manifest = l.dataset_manifest
                        and (l.device_kind is null
                            or w.devices @> jsonb_build_array(jsonb_build_object('kind', l.device_kind)))) as "elsewhere!"
           from locked l cross join lateral (select count(*) as times from attempts a
                where a.job_id = l.id and a.host = $2 and a.outcome in ('lost', 'infrastructure')) failed
           order by l.place, l.id"#,
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
                    .map(|kind| crate::db::spelled(&kind))
                    .transpose()?,
                memory_mib: row.memory_mib as u64,
                labels: row.labels,
                dataset: HeldDataset {
                    name: row.dataset,
                    manifest: row.manifest,
                },
                science_version: row.science_version,
                infrastructure_failures_here: row.failures as u32,
                another_host_fits: row.elsewhere,
                limit: row
                    .max_parallel
                    .map(|most| (row.experiment.into(), most as u32)),
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
    crate::db::exactly(1, changed, "lease a job")
}

/// Writes what becomes of a leased job whose attempt has ended, and of what waits for its run. Says whether something may
/// be claimed now that could not before.
///
/// # Errors
/// The database cannot be reached, or the job is not leased.
pub async fn settle(
    db: &mut PgConnection,
    live: &LiveAttempt,
    next: Next,
) -> Result<bool, sqlx::Error> {
    let (state, after, charge) = match next {
        Next::End(terminal) => (JobState::from(terminal), Duration::ZERO, Charge::Nothing),
        Next::Requeue { after, charge } => (JobState::Queued, after, charge),
        Next::Pause { charge } => (JobState::Paused, Duration::ZERO, charge),
    };
    let count = |wanted| i32::from(charge == wanted);
    let changed = sqlx::query!(
        "update jobs set state = $2, ended_at = case when $3 then mrprism_now() end,
            not_before = mrprism_now() + make_interval(secs => $4),
            infrastructure_failures = infrastructure_failures + $5, memory_failures = memory_failures + $6,
            own_failures = own_failures + $7, asked = null,
            preempted_at = case when asked = 'preempt' then mrprism_now() else preempted_at end
         where id = $1 and state = 'leased'",
        live.job.0,
        state.as_str(),
        state.is_terminal(),
        after.as_secs_f64(),
        count(Charge::Infrastructure),
        count(Charge::Memory),
        count(Charge::Own)
    )
    .execute(&mut *db)
    .await?;
    crate::db::exactly(1, changed.rows_affected(), "settle a job")?;
    let mut claimable = live.limited || state == JobState::Queued;
    match next {
        Next::End(Terminal::Succeeded) if live.kind == JobKind::Train => {
            claimable |= crate::db::dependents::release(db, live.run).await? > 0;
        }
        Next::End(_) if live.kind == JobKind::Train => {
            crate::db::dependents::cancel(db, &[live.run.0]).await?;
        }
        _ => {}
    }
    Ok(claimable)
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
        .map(|row| Ok((crate::db::spelled(&row.state)?, row.jobs as u64)))
        .collect()
}
