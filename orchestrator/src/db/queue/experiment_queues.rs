//! How experiments wait: their `[queue]` tables as they were changed last, and whether they are paused.

use mrprism_protocol::id::ExperimentId;
use mrprism_protocol::spec::QueueFile;
use mrprism_protocol::state::DeviceKind;
use sqlx::PgConnection;

/// How an experiment waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExperimentQueue {
    /// Where and how urgently.
    pub queue: QueueFile,
    /// Whether a person paused it.
    pub paused: bool,
    /// Whether its deadline has passed: what is queued now would be cancelled at once.
    pub overdue: bool,
}

/// Locks the experiment and reads how it waits.
///
/// # Errors
/// The database cannot be reached, or there is no such experiment.
pub async fn lock(db: &mut PgConnection, id: ExperimentId) -> Result<ExperimentQueue, sqlx::Error> {
    let row = sqlx::query!(
        r#"select pool, priority, labels, device_kind, memory_mib, max_parallel, retries, deadline, progress_minutes,
                preemptible, (paused_at is not null) as "paused!",
                coalesce(deadline <= mrprism_now(), false) as "overdue!"
           from experiments where id = $1 for no key update"#,
        id.0
    )
    .fetch_one(db)
    .await?;
    Ok(ExperimentQueue {
        queue: QueueFile {
            pool: row.pool,
            priority: row.priority,
            labels: row.labels,
            device: crate::db::spelled_or_none(row.device_kind.as_deref())?,
            memory_mib: row.memory_mib as u64,
            max_parallel: row.max_parallel.map(|most| most as u32),
            retries: row.retries as u32,
            deadline: row.deadline,
            progress_minutes: row.progress_minutes.map(|minutes| minutes as u32),
            preemptible: row.preemptible,
        },
        paused: row.paused,
        overdue: row.overdue,
    })
}

/// Writes how an experiment waits; jobs that are there already stay as they are.
///
/// # Errors
/// The database cannot be reached, or there is no such experiment.
pub async fn write(
    db: &mut PgConnection,
    id: ExperimentId,
    queue: &QueueFile,
) -> Result<(), sqlx::Error> {
    let changed = sqlx::query!(
        "update experiments set pool = $2, priority = $3, labels = $4, device_kind = $5, memory_mib = $6,
            max_parallel = $7, retries = $8, deadline = $9, progress_minutes = $10, preemptible = $11
         where id = $1",
        id.0,
        queue.pool,
        queue.priority,
        &queue.labels,
        queue.device.map(DeviceKind::as_str),
        queue.memory_mib as i64,
        queue.max_parallel.map(|most| most as i32),
        queue.retries as i32,
        queue.deadline,
        queue.progress_minutes.map(|minutes| minutes as i32),
        queue.preemptible
    )
    .execute(db)
    .await?
    .rows_affected();
    crate::db::exactly(1, changed, "write how an experiment waits")
}

/// Has the experiment's open jobs wait as `queue` says. Their places move by `ahead` seconds for each priority they gain,
/// so that what they have waited counts on.
///
/// # Errors
/// The database cannot be reached.
pub async fn apply(
    db: &mut PgConnection,
    id: ExperimentId,
    queue: &QueueFile,
    ahead: f64,
) -> Result<u64, sqlx::Error> {
    let changed = sqlx::query!(
        "update jobs j set pool = $2, labels = $4, preemptible = $7, priority = $3,
            place = j.place - make_interval(secs => ($3 - j.priority) * $8::float8),
            device_kind = case when j.kind = 'train' then $5 end,
            memory_mib = case when j.kind = 'train' then $6 else 0 end
         from runs r
         where r.id = j.run_id and r.experiment_id = $1 and j.ended_at is null",
        id.0,
        queue.pool,
        queue.priority,
        &queue.labels,
        queue.device.map(DeviceKind::as_str),
        queue.memory_mib as i64,
        queue.preemptible,
        ahead
    )
    .execute(db)
    .await?;
    Ok(changed.rows_affected())
}

/// Notes that a person paused the experiment, or resumed it.
///
/// # Errors
/// The database cannot be reached, or there is no such experiment.
pub async fn mark_paused(
    db: &mut PgConnection,
    id: ExperimentId,
    paused: bool,
) -> Result<(), sqlx::Error> {
    let changed = sqlx::query!(
        "update experiments set paused_at = case when $2 then coalesce(paused_at, mrprism_now()) end where id = $1",
        id.0,
        paused
    )
    .execute(db)
    .await?
    .rows_affected();
    crate::db::exactly(1, changed, "pause an experiment")
}

/// How many of an experiment's runs are at work: claims of its runs follow each other from here to the end of
/// their transactions, so that the number stays true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtWork {
    /// So many are at work, and no other claim adds to them before this transaction ends.
    Counted(u32),
    /// Another claim of its runs is under way: look again.
    Busy,
}

/// Counts the experiment's runs at work.
///
/// # Errors
/// The database cannot be reached.
pub async fn count_at_work(db: &mut PgConnection, id: ExperimentId) -> Result<AtWork, sqlx::Error> {
    let locked = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('mrprism experiment ' || $1::text, 0)) as "locked!""#,
        id.to_string()
    )
    .fetch_one(&mut *db)
    .await?;
    if !locked {
        return Ok(AtWork::Busy);
    }
    let at_work = sqlx::query_scalar!(
        r#"select count(*) as "at_work!" from attempts a join runs r on r.id = a.run_id
           where a.ended_at is null and r.experiment_id = $1"#,
        id.0
    )
    .fetch_one(db)
    .await?;
    Ok(AtWork::Counted(at_work as u32))
}

/// Experiments with open jobs whose deadline has passed.
///
/// # Errors
/// The database cannot be reached.
pub async fn past_deadline(db: &mut PgConnection) -> Result<Vec<ExperimentId>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        "select e.id from experiments e
         where e.deadline <= mrprism_now()
            and exists (select from jobs j join runs r on r.id = j.run_id
                where r.experiment_id = e.id and j.ended_at is null and j.asked is distinct from 'cancel')
         order by e.id"
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(ExperimentId).collect())
}
