//! What an export holds that no other page asks for.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use mrprism_protocol::id::{ExperimentId, RunId};
use mrprism_protocol::spec::Fingerprint;
use mrprism_protocol::state::AttemptOutcome;
use mrprism_protocol::wire::ExportedAttempt;
use sqlx::PgPool;
use sqlx::types::Uuid;

/// When an experiment was submitted and, if at all, cancelled.
///
/// # Errors
/// The database cannot be reached, or there is no such experiment.
pub async fn times(
    pool: &PgPool,
    experiment: ExperimentId,
) -> Result<(DateTime<Utc>, Option<DateTime<Utc>>), sqlx::Error> {
    let row = sqlx::query!(
        "select created_at, cancelled_at from experiments where id = $1",
        experiment.0
    )
    .fetch_one(pool)
    .await?;
    Ok((row.created_at, row.cancelled_at))
}

/// What a run left and what proves that it is the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// Hash of spec, seed, fold and science version.
    pub fingerprint: Fingerprint,
    /// BLAKE3 of the final weights.
    pub weights_hash: Option<String>,
    /// Seconds of training.
    pub train_seconds: Option<f64>,
    /// Hash of its stored provenance.
    pub provenance: Option<String>,
}

/// What an experiment's runs left.
///
/// # Errors
/// The database cannot be reached.
pub async fn left(
    pool: &PgPool,
    experiment: ExperimentId,
) -> Result<BTreeMap<RunId, Left>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select r.id, r.fingerprint, r.weights_hash, r.train_seconds, p.hash as "provenance?"
           from runs r left join lateral (
                select a.hash from artifacts a where a.run_id = r.id and a.kind = 'provenance' order by a.name limit 1) p on true
           where r.experiment_id = $1"#,
        experiment.0
    )
    .fetch_all(pool)
    .await?;
    let left = rows.into_iter().map(|row| {
        let left = Left {
            fingerprint: Fingerprint(row.fingerprint),
            weights_hash: row.weights_hash,
            train_seconds: row.train_seconds,
            provenance: row.provenance,
        };
        (row.id.into(), left)
    });
    Ok(left.collect())
}

/// The attempts at training an experiment's runs, oldest first; scoring again leaves no trace but its scores. An empty host is one that
/// nobody told.
///
/// # Errors
/// The database cannot be reached.
pub async fn attempts(
    pool: &PgPool,
    experiment: ExperimentId,
) -> Result<BTreeMap<RunId, Vec<ExportedAttempt>>, sqlx::Error> {
    let rows = sqlx::query!(
        "select a.run_id, a.number, a.host, a.device_kind, a.started_at, a.ended_at, a.outcome, a.message,
            a.resumed_from_epoch, a.resumed_from_step, a.step, a.epoch, a.steps
         from attempts a join runs r on r.id = a.run_id join jobs j on j.id = a.job_id
         where r.experiment_id = $1 and j.kind = 'train' order by a.run_id, a.number",
        experiment.0
    )
    .fetch_all(pool)
    .await?;
    let mut attempts: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let count = |number: i64| number as u64;
    for row in rows {
        let outcome = row
            .outcome
            .as_deref()
            .map(crate::db::spelled::<AttemptOutcome>)
            .transpose()?;
        let run = RunId(row.run_id);
        attempts.entry(run).or_default().push(ExportedAttempt {
            number: row.number as u32,
            host: (!row.host.is_empty()).then_some(row.host),
            device: crate::db::spelled(&row.device_kind)?,
            started_at: row.started_at,
            ended_at: row.ended_at,
            outcome,
            message: row.message,
            resumed_from_epoch: row.resumed_from_epoch.map(count),
            resumed_from_step: row.resumed_from_step.map(count),
            step: count(row.step),
            epoch: count(row.epoch),
            steps: row.steps.map(count),
        });
    }
    Ok(attempts)
}

/// The experiments that these runs belong to already, by name; none where they are new.
///
/// # Errors
/// The database cannot be reached.
pub async fn owners(pool: &PgPool, runs: &[RunId]) -> Result<Vec<String>, sqlx::Error> {
    let ids: Vec<Uuid> = runs.iter().map(|run| run.0).collect();
    sqlx::query_scalar!(
        "select distinct e.name from runs r join experiments e on e.id = r.experiment_id
         where r.id = any($1) order by e.name",
        &ids
    )
    .fetch_all(pool)
    .await
}
