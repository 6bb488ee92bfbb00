//! What the rule of preemption looks at: urgent jobs that wait, and who is at work where.

use std::time::Duration;

use mrprism_protocol::id::JobId;
use mrprism_protocol::state::DeviceKind;
use mrprism_protocol::wire::DeviceOffer;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::domain::{Candidate, Claimer, Device, HeldDataset, Running, Waiting};

/// Pools in which a due job waits that is more urgent than a preemptible one at work.
///
/// # Errors
/// The database cannot be reached.
pub async fn contested_pools(db: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select low.pool as "pool!" from (
                select j.pool, min(j.priority) as priority from attempts a join jobs j on j.id = a.job_id
                where a.ended_at is null and j.preemptible and j.asked is null group by j.pool) low
           where exists (select from jobs w
                where w.state = 'queued' and w.pool = low.pool and w.priority > low.priority
                    and w.not_before <= mrprism_now())
           order by 1"#
    )
    .fetch_all(db)
    .await
}

/// The pool's due jobs of the highest priorities, at most `limit`, of equal ones the first in the queue.
/// Nothing is said of hosts that a job avoids.
///
/// # Errors
/// The database cannot be reached.
pub async fn urgent(
    db: &mut PgConnection,
    pool: &str,
    limit: i64,
) -> Result<Vec<Waiting>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select j.id, j.run_id, j.pool, j.place, j.device_kind, j.memory_mib, j.labels, j.priority, e.max_parallel,
                e.id as experiment, r.dataset_name as "dataset!", r.dataset_manifest as "manifest!",
                case when j.kind = 'train' then r.science_version end as science_version,
                case when e.max_parallel is not null then (select count(*) from attempts a join runs o on o.id = a.run_id
                    where a.ended_at is null and o.experiment_id = e.id) end as at_work
           from jobs j join runs r on r.id = j.run_id join experiments e on e.id = r.experiment_id
           where j.state = 'queued' and j.pool = $1 and j.not_before <= mrprism_now()
           order by j.priority desc, j.place, j.id limit $2"#,
        pool,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let limit = row
                .max_parallel
                .map(|most| (row.experiment.into(), most as u32));
            let room = row.max_parallel.zip(row.at_work);
            Ok(Waiting {
                priority: row.priority,
                room: room.map(|(most, at_work)| (i64::from(most) - at_work).max(0) as u32),
                candidate: Candidate {
                    job: row.id.into(),
                    run: row.run_id.into(),
                    pool: row.pool,
                    place: row.place,
                    device_kind: crate::db::spelled_or_none(row.device_kind.as_deref())?,
                    memory_mib: row.memory_mib as u64,
                    labels: row.labels,
                    dataset: HeldDataset {
                        name: row.dataset,
                        manifest: row.manifest,
                    },
                    science_version: row.science_version,
                    infrastructure_failures_here: 0,
                    another_host_fits: false,
                    limit,
                },
            })
        })
        .collect()
}

/// Every device of the pool's live workers that are not draining, and who is at work on it.
///
/// # Errors
/// The database cannot be reached.
pub async fn devices(
    db: &mut PgConnection,
    pool: &str,
    silence: Duration,
) -> Result<Vec<Device>, sqlx::Error> {
    let workers = sqlx::query!(
        r#"select w.id, w.host, w.pool, w.labels, w.science_version, w.devices as "devices: Json<Vec<DeviceOffer>>",
                array(select d.name from worker_datasets d where d.worker_id = w.id order by d.name) as "names!",
                array(select d.manifest from worker_datasets d where d.worker_id = w.id order by d.name) as "manifests!"
           from workers w
           where w.pool = $1 and not w.draining and w.gone_at is null
                and w.last_seen_at >= mrprism_now() - make_interval(secs => $2)
           order by w.registered_at, w.id"#,
        pool,
        silence.as_secs_f64()
    )
    .fetch_all(&mut *db)
    .await?;
    let ids: Vec<_> = workers.iter().map(|worker| worker.id).collect();
    let running = sqlx::query!(
        r#"select a.worker_id, a.device_kind, a.device_index, a.job_id, a.started_at, j.priority, j.preemptible, j.asked,
            j.preempted_at, mrprism_now() as "now!"
         from attempts a join jobs j on j.id = a.job_id where a.ended_at is null and a.worker_id = any($1)"#,
        &ids
    )
    .fetch_all(db)
    .await?;
    let mut rows = Vec::new();
    for worker in workers {
        let held = worker.names.into_iter().zip(worker.manifests);
        let datasets = held.map(|(name, manifest)| HeldDataset { name, manifest });
        let claimer = |device: DeviceOffer| Claimer {
            worker: worker.id.into(),
            host: worker.host.clone(),
            pool: worker.pool.clone(),
            labels: worker.labels.iter().cloned().collect(),
            science_version: worker.science_version.clone(),
            datasets: datasets.clone().collect(),
            device,
        };
        for device in worker.devices.0 {
            let here = running.iter().find(|row| {
                row.worker_id == worker.id
                    && crate::db::spelled::<DeviceKind>(&row.device_kind).ok() == Some(device.kind)
                    && row.device_index as u32 == device.index
            });
            rows.push(Device {
                claimer: claimer(device),
                running: here.map(|row| Running {
                    job: row.job_id.into(),
                    priority: row.priority,
                    preemptible: row.preemptible,
                    leaving: row.asked.is_some(),
                    worked: row.now - row.started_at,
                    in_peace: row.preempted_at.map(|at| row.now - at),
                }),
            });
        }
    }
    Ok(rows)
}

/// Asks the holder of a job's lease to give it back for another, which is moved to the front of its pool; says whether
/// both were still as they were.
///
/// # Errors
/// The database cannot be reached.
pub async fn preempt(db: &mut PgConnection, victim: JobId, by: JobId) -> Result<bool, sqlx::Error> {
    let changed = sqlx::query!(
        "with moved as (
            update jobs w set place = (select min(q.place) from jobs q where q.state = 'queued' and q.pool = w.pool)
                - interval '1 millisecond'
            where w.id = $2 and w.state = 'queued'
            returning w.id
         )
         update jobs set asked = 'preempt'
         where id = $1 and state = 'leased' and asked is null and exists (select from moved)",
        victim.0,
        by.0
    )
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}
