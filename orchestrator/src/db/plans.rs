//! What a plan is told of the past: runs that took so long, and equal work of other experiments.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mrprism_protocol::id::ExperimentId;
use mrprism_protocol::spec::{Fingerprint, RunSpec};
use mrprism_protocol::wire::DeviceOffer;
use sqlx::PgPool;
use sqlx::types::Json;

use crate::domain::{Claimer, HeldDataset};

/// Medians over measured runs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Measured {
    /// Seconds of training a step; for a whole kind, of one pixel of one image (÷ size² × batch).
    pub seconds_a_step: Option<f64>,
    /// How many runs say so.
    pub timed: u64,
    /// Bytes of files that stayed.
    pub bytes: Option<f64>,
    /// How many runs say so.
    pub weighed: u64,
}

/// What was measured of runs like one specification, the nearest first.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct History {
    /// The same specification.
    pub spec: Measured,
    /// The same kind of method, network, size and batch.
    pub network: Measured,
    /// The same kind of method.
    pub kind: Measured,
}

/// What was measured of runs like each of `specs`, in order. Seconds are the succeeded attempt's alone, and so are its steps.
///
/// # Errors
/// The database cannot be reached.
pub async fn histories(pool: &PgPool, specs: &[&RunSpec]) -> Result<Vec<History>, sqlx::Error> {
    let kinds: Vec<String> = specs
        .iter()
        .map(|spec| spec.method.kind().to_owned())
        .collect();
    let texts: Vec<_> = specs.iter().map(|spec| Json(*spec)).collect();
    let kinds_once: Vec<String> = kinds
        .iter()
        .cloned()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let rows = sqlx::query!(
        r#"with wanted as materialized (
                select w.number, w.kind, w.spec, w.spec -> 'method' -> w.kind -> 'network' as network, w.spec -> 'size' as size,
                    w.spec -> 'train' -> 'batch' as batch
                from unnest($1::text[], $2::jsonb[]) with ordinality as w(kind, spec, number)),
            measured as materialized (
                select r.method_kind as kind, r.spec, r.spec -> 'method' -> r.method_kind -> 'network' as network,
                    r.spec -> 'size' as size, r.spec -> 'train' -> 'batch' as batch,
                    r.train_seconds / nullif(a.steps - coalesce(a.resumed_from_step, 0), 0) as per_step,
                    (r.spec ->> 'size')::float8 ^ 2 * (r.spec -> 'train' ->> 'batch')::float8 as pixels,
                    (select sum(b.size)::float8 from artifacts f join blobs b on b.hash = f.hash
                        where f.run_id = r.id and f.kind <> 'checkpoint') as bytes
                from runs r join lateral (
                    select t.steps, t.resumed_from_step from attempts t join jobs j on j.id = t.job_id
                    where t.run_id = r.id and j.kind = 'train' and t.outcome = 'succeeded' limit 1) a on true
                where r.train_seconds is not null and r.method_kind = any($3)),
            of_spec as (
                select spec, percentile_cont(0.5) within group (order by per_step) as seconds, count(per_step) as timed,
                    percentile_cont(0.5) within group (order by bytes) as bytes, count(bytes) as weighed
                from measured group by spec),
            of_network as (
                select kind, network, size, batch, percentile_cont(0.5) within group (order by per_step) as seconds,
                    count(per_step) as timed,
                    percentile_cont(0.5) within group (order by bytes) as bytes, count(bytes) as weighed
                from measured group by kind, network, size, batch),
            of_kind as (
                select kind, percentile_cont(0.5) within group (order by per_step / nullif(pixels, 0)) as seconds,
                    count(per_step) as timed,
                    percentile_cont(0.5) within group (order by bytes) as bytes, count(bytes) as weighed
                from measured group by kind)
           select s.seconds as "spec_seconds?", coalesce(s.timed, 0) as "spec_timed!", s.bytes as "spec_bytes?",
                coalesce(s.weighed, 0) as "spec_weighed!",
                n.seconds as "network_seconds?", coalesce(n.timed, 0) as "network_timed!", n.bytes as "network_bytes?",
                coalesce(n.weighed, 0) as "network_weighed!",
                k.seconds as "kind_seconds?", coalesce(k.timed, 0) as "kind_timed!", k.bytes as "kind_bytes?",
                coalesce(k.weighed, 0) as "kind_weighed!"
           from wanted w
           left join of_spec s on s.spec = w.spec
           left join of_network n on n.kind = w.kind and n.network = w.network and n.size = w.size and n.batch = w.batch
           left join of_kind k on k.kind = w.kind
           order by w.number"#,
        &kinds,
        &texts as _,
        &kinds_once
    )
    .fetch_all(pool)
    .await?;
    let of = |seconds, timed: i64, bytes, weighed: i64| Measured {
        seconds_a_step: seconds,
        timed: timed as u64,
        bytes,
        weighed: weighed as u64,
    };
    let histories = rows.into_iter().map(|row| History {
        spec: of(
            row.spec_seconds,
            row.spec_timed,
            row.spec_bytes,
            row.spec_weighed,
        ),
        network: of(
            row.network_seconds,
            row.network_timed,
            row.network_bytes,
            row.network_weighed,
        ),
        kind: of(
            row.kind_seconds,
            row.kind_timed,
            row.kind_bytes,
            row.kind_weighed,
        ),
    });
    Ok(histories.collect())
}

/// A succeeded run of another experiment for each of these fingerprints that has one, as `EXPERIMENT/ARM/SEED`; the oldest.
///
/// # Errors
/// The database cannot be reached.
pub async fn elsewhere(
    pool: &PgPool,
    not_in: Option<ExperimentId>,
    fingerprints: &[Fingerprint],
) -> Result<BTreeMap<Fingerprint, String>, sqlx::Error> {
    let prints: Vec<_> = fingerprints.iter().map(|print| print.0.clone()).collect();
    let rows = sqlx::query!(
        r#"select distinct on (r.fingerprint) r.fingerprint, e.name, r.arm, r.seed, r.fold
           from runs r join experiments e on e.id = r.experiment_id
           where r.fingerprint = any($1) and r.experiment_id is distinct from $2
                and exists (select from jobs j where j.run_id = r.id and j.kind = 'train' and j.state = 'succeeded')
           order by r.fingerprint, e.created_at, e.id"#,
        &prints,
        not_in.map(|id| id.0)
    )
    .fetch_all(pool)
    .await?;
    let found = rows.into_iter().map(|row| {
        let fold = row.fold.map_or_else(String::new, |fold| format!("/{fold}"));
        let label = format!("{}/{}/{}{fold}", row.name, row.arm, row.seed);
        (Fingerprint(row.fingerprint), label)
    });
    Ok(found.collect())
}

/// Every device of every live worker that claims, as it would ask for work.
///
/// # Errors
/// The database cannot be reached.
pub async fn claimers(pool: &PgPool, silence: Duration) -> Result<Vec<Claimer>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select w.id, w.host, w.pool, w.labels, w.science_version, w.devices as "devices: Json<Vec<DeviceOffer>>",
                array(select d.name from worker_datasets d where d.worker_id = w.id order by d.name) as "names!",
                array(select d.manifest from worker_datasets d where d.worker_id = w.id order by d.name) as "manifests!"
           from workers w
           where w.gone_at is null and not w.draining
                and w.last_seen_at >= mrprism_now() - make_interval(secs => $1)
           order by w.host, w.id"#,
        silence.as_secs_f64()
    )
    .fetch_all(pool)
    .await?;
    let mut claimers = Vec::new();
    for row in rows {
        let held = row.names.into_iter().zip(row.manifests);
        let datasets: BTreeSet<_> = held
            .map(|(name, manifest)| HeldDataset { name, manifest })
            .collect();
        let labels: BTreeSet<_> = row.labels.into_iter().collect();
        claimers.extend(row.devices.0.into_iter().map(|device| Claimer {
            worker: row.id.into(),
            host: row.host.clone(),
            pool: row.pool.clone(),
            labels: labels.clone(),
            science_version: row.science_version.clone(),
            datasets: datasets.clone(),
            device,
        }));
    }
    Ok(claimers)
}
