//! The order of the queue, as people see it and change it.

use mrprism_protocol::id::RunId;
use mrprism_protocol::spec::Seed;
use mrprism_protocol::wire::{Place, QueuedJob};
use sqlx::{PgConnection, PgPool};

/// Jobs that have not ended, those at work first, then in order of service; at most `limit`, of one pool where it is named.
///
/// # Errors
/// The database cannot be reached.
pub async fn list(
    pool: &PgPool,
    of: Option<&str>,
    limit: i64,
) -> Result<Vec<QueuedJob>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select j.id, j.kind, j.state, j.asked, j.pool, j.priority, j.reason, e.id as experiment, e.name, r.id as run,
                r.arm, r.seed, r.fold, a.host as "host?",
                case when j.state = 'queued' and j.not_before > mrprism_now() then j.not_before end as not_before
           from jobs j join runs r on r.id = j.run_id join experiments e on e.id = r.experiment_id
                left join attempts a on a.job_id = j.id and a.ended_at is null
           where j.ended_at is null and ($1::text is null or j.pool = $1)
           order by array_position(array['leased', 'queued', 'paused', 'blocked'], j.state), j.pool, j.place, j.id
           limit $2"#,
        of,
        limit
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(QueuedJob {
                job: row.id.into(),
                kind: crate::db::spelled(&row.kind)?,
                state: crate::db::spelled(&row.state)?,
                asked: crate::db::spelled_or_none(row.asked.as_deref())?,
                pool: row.pool,
                priority: row.priority,
                experiment: row.experiment.into(),
                experiment_name: row.name,
                run: row.run.into(),
                arm: row.arm,
                seed: Seed(row.seed as u64),
                fold: row.fold.map(|fold| fold as u32),
                not_before: row.not_before,
                host: row.host,
                reason: row.reason,
            })
        })
        .collect()
}

/// Puts the waiting job of a run elsewhere in the queue; false where the run, or the one it is to stand before, has none.
///
/// # Errors
/// The database cannot be reached.
pub async fn put(db: &mut PgConnection, run: RunId, place: Place) -> Result<bool, sqlx::Error> {
    let changed = match place {
        Place::Front => sqlx::query!(
            "update jobs j set place = (select min(q.place) from jobs q
                where q.state in ('queued', 'paused') and q.pool = j.pool and q.id <> j.id) - interval '1 millisecond'
             where j.run_id = $1 and j.state in ('queued', 'paused') and exists (select from jobs q
                where q.state in ('queued', 'paused') and q.pool = j.pool and q.id <> j.id and q.place <= j.place)",
            run.0
        )
        .execute(&mut *db)
        .await?,
        Place::Back => sqlx::query!(
            "update jobs j set place = (select max(q.place) from jobs q
                where q.state in ('queued', 'paused') and q.pool = j.pool and q.id <> j.id) + interval '1 millisecond'
             where j.run_id = $1 and j.state in ('queued', 'paused') and exists (select from jobs q
                where q.state in ('queued', 'paused') and q.pool = j.pool and q.id <> j.id and q.place >= j.place)",
            run.0
        )
        .execute(&mut *db)
        .await?,
        // Jobs that were submitted together share one place: the other and those after it make room first.
        Place::Before(other) => sqlx::query!(
            "with other as (
                select id, pool, place from jobs where run_id = $2 and state in ('queued', 'paused')
             ), spread as (
                select q.id, o.place + (1 + row_number() over (order by q.id)) * interval '1 microsecond' as place
                from jobs q, other o
                where q.pool = o.pool and q.place = o.place and q.id >= o.id and q.run_id <> $1
                    and q.state in ('queued', 'paused')
             ), moved as (
                update jobs q set place = s.place from spread s where q.id = s.id returning q.id
             )
             update jobs j set place = o.place + interval '1 microsecond', pool = o.pool from other o
             where j.run_id = $1 and j.state in ('queued', 'paused') and j.id <> o.id
                and (select count(*) from moved) >= 0",
            run.0,
            other.0
        )
        .execute(&mut *db)
        .await?,
    };
    if changed.rows_affected() == 1 {
        return Ok(true);
    }
    // It may stand there already.
    sqlx::query_scalar!(
        r#"select exists (select from jobs where run_id = $1 and state in ('queued', 'paused'))
            and ($2::uuid is null or exists (select from jobs where run_id = $2 and state in ('queued', 'paused'))) as "waits!""#,
        run.0,
        match place {
            Place::Before(other) => Some(other.0),
            Place::Front | Place::Back => None,
        }
    )
    .fetch_one(db)
    .await
}
