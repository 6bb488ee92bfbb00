//! Workers: who is there, and with what.

use std::time::Duration;

use mrprism_protocol::id::WorkerId;
use mrprism_protocol::state::DeviceKind;
use mrprism_protocol::wire::{DeviceOffer, Register, WorkerView};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

use crate::domain::{Claimer, HeldDataset};

/// Notes a worker's introduction; a repeated one replaces the first.
///
/// # Errors
/// The database cannot be reached.
pub async fn register(db: &mut PgConnection, worker: &Register) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into workers (id, host, pool, labels, devices, science_version, revision)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (id) do update set
            host = excluded.host, pool = excluded.pool, labels = excluded.labels, devices = excluded.devices,
            science_version = excluded.science_version, revision = excluded.revision,
            last_seen_at = mrprism_now(), gone_at = null",
        worker.worker.0,
        worker.host,
        worker.pool,
        &worker.labels,
        Json(&worker.devices) as _,
        worker.science_version,
        worker.revision,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A heartbeat's answer to the worker itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Claim nothing more.
    pub draining: bool,
}

/// Notes that a worker is there; none where it is unknown.
///
/// # Errors
/// The database cannot be reached.
pub async fn seen(db: &mut PgConnection, worker: WorkerId) -> Result<Option<Seen>, sqlx::Error> {
    let draining = sqlx::query_scalar!(
        "update workers set last_seen_at = mrprism_now(), gone_at = null where id = $1 returning draining",
        worker.0
    )
    .fetch_optional(db)
    .await?;
    Ok(draining.map(|draining| Seen { draining }))
}

/// Who asks for work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asking {
    /// No such worker: it must register.
    UnknownWorker,
    /// The worker has no such device.
    UnknownDevice,
    /// A live lease occupies the device.
    DeviceBusy,
    /// The device is free.
    Free(Box<Claimer>),
}

/// Locks the worker against its own other claims and reads what the queue's rules ask of it.
///
/// # Errors
/// The database cannot be reached.
pub async fn lock_claimer(
    db: &mut PgConnection,
    worker: WorkerId,
    kind: DeviceKind,
    index: u32,
) -> Result<Asking, sqlx::Error> {
    let Some(row) = sqlx::query!(
        r#"select host, pool, labels, science_version, draining, devices as "devices: Json<Vec<DeviceOffer>>"
           from workers where id = $1 for no key update"#,
        worker.0
    )
    .fetch_optional(&mut *db)
    .await?
    else {
        return Ok(Asking::UnknownWorker);
    };
    let Some(device) = row
        .devices
        .0
        .into_iter()
        .find(|device| device.kind == kind && device.index == index)
    else {
        return Ok(Asking::UnknownDevice);
    };
    let busy = sqlx::query_scalar!(
        r#"select exists (select from attempts
            where worker_id = $1 and device_kind = $2 and device_index = $3 and ended_at is null) as "busy!""#,
        worker.0,
        kind.as_str(),
        index as i32
    )
    .fetch_one(&mut *db)
    .await?;
    if busy || row.draining {
        return Ok(Asking::DeviceBusy);
    }
    let datasets = sqlx::query_as!(
        HeldDataset,
        "select name, manifest from worker_datasets where worker_id = $1",
        worker.0
    )
    .fetch_all(&mut *db)
    .await?;
    Ok(Asking::Free(Box::new(Claimer {
        worker,
        host: row.host,
        pool: row.pool,
        labels: row.labels.into_iter().collect(),
        science_version: row.science_version,
        datasets: datasets.into_iter().collect(),
        device,
    })))
}

/// Has a worker claim nothing more, or claim again; false where it is unknown.
///
/// # Errors
/// The database cannot be reached.
pub async fn drain(pool: &PgPool, worker: WorkerId, draining: bool) -> Result<bool, sqlx::Error> {
    let changed = sqlx::query!(
        "update workers set draining = $2 where id = $1",
        worker.0,
        draining
    )
    .execute(pool)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Marks workers that were silent for longer than `silence`. Leases do not depend on it. Says how many.
///
/// # Errors
/// The database cannot be reached.
pub async fn mark_gone(pool: &PgPool, silence: Duration) -> Result<u64, sqlx::Error> {
    let marked = sqlx::query!(
        "update workers set gone_at = mrprism_now()
         where gone_at is null and last_seen_at < mrprism_now() - make_interval(secs => $1)",
        silence.as_secs_f64()
    )
    .execute(pool)
    .await?;
    Ok(marked.rows_affected())
}

/// The workers that are there or hold a lease, by host.
///
/// # Errors
/// The database cannot be reached.
pub async fn list(pool: &PgPool, lease: Duration) -> Result<Vec<WorkerView>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select w.id, w.host, w.pool, w.devices as "devices: Json<Vec<DeviceOffer>>",
                (w.gone_at is null and w.last_seen_at >= mrprism_now() - make_interval(secs => $1)) as "live!",
                array(select d.name from worker_datasets d where d.worker_id = w.id order by d.name) as "datasets!",
                (select count(*) from attempts a where a.worker_id = w.id and a.ended_at is null) as "leases!",
                w.draining
           from workers w
           where w.gone_at is null
              or exists (select from attempts a where a.worker_id = w.id and a.ended_at is null)
           order by w.host, w.registered_at, w.id"#,
        lease.as_secs_f64()
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| WorkerView {
            id: row.id.into(),
            host: row.host,
            pool: row.pool,
            live: row.live,
            devices: row.devices.0,
            datasets: row.datasets,
            leases: row.leases as u64,
            draining: row.draining,
        })
        .collect())
}
