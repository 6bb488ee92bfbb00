//! Imports: rows that no queue made.

use mrprism_protocol::id::{AttemptId, ExperimentId, JobId, RunId, WorkerId};
use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::{Curve, ExportedAttempt, ExportedExperiment, ExportedRun, Score};
use sqlx::types::{Json, Uuid};
use sqlx::{PgConnection, PgPool};

/// What was imported as an experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// BLAKE3 of its content.
    pub hash: String,
    /// What is not as it was exported.
    pub notes: Vec<String>,
}

/// The import that made an experiment; none where it was submitted.
///
/// # Errors
/// The database cannot be reached.
pub async fn of(pool: &PgPool, experiment: ExperimentId) -> Result<Option<Import>, sqlx::Error> {
    sqlx::query_as!(
        Import,
        "select hash, notes from imports where experiment_id = $1",
        experiment.0
    )
    .fetch_optional(pool)
    .await
}

/// Takes the experiment's name; false where it is taken.
///
/// # Errors
/// The database cannot be reached, or refuses a value.
pub async fn experiment(
    db: &mut PgConnection,
    id: ExperimentId,
    experiment: &ExportedExperiment,
    bundle_hash: &str,
) -> Result<bool, sqlx::Error> {
    let made = sqlx::query!(
        "insert into experiments (id, name, question, bundle, bundle_hash, created_at, cancelled_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (name) do nothing",
        id.0,
        experiment.name,
        experiment.question,
        Json(&experiment.bundle) as _,
        bundle_hash,
        experiment.created_at,
        experiment.cancelled_at
    )
    .execute(db)
    .await?;
    Ok(made.rows_affected() == 1)
}

/// Writes the runs as they were.
///
/// # Errors
/// The database cannot be reached, or refuses a value.
pub async fn runs(
    db: &mut PgConnection,
    experiment: ExperimentId,
    runs: &[ExportedRun],
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = runs.iter().map(|run| run.id.0).collect();
    let positions: Vec<_> = runs.iter().map(|run| run.position as i32).collect();
    let arms: Vec<_> = runs.iter().map(|run| run.arm.clone()).collect();
    let seeds: Vec<_> = runs.iter().map(|run| run.seed.0 as i64).collect();
    let folds: Vec<_> = runs
        .iter()
        .map(|run| run.fold.map(|fold| fold as i32))
        .collect();
    let specs: Vec<_> = runs.iter().map(|run| Json(&run.spec)).collect();
    let prints: Vec<_> = runs.iter().map(|run| run.fingerprint.0.clone()).collect();
    let versions: Vec<_> = runs.iter().map(|run| run.science_version.clone()).collect();
    let weights: Vec<_> = runs.iter().map(|run| run.weights_hash.clone()).collect();
    let seconds: Vec<_> = runs.iter().map(|run| run.train_seconds).collect();
    let made = sqlx::query!(
        "insert into runs (id, experiment_id, position, arm, seed, fold, spec, fingerprint, science_version, weights_hash,
            train_seconds)
         select c.id, $1, c.position, c.arm, c.seed, c.fold, c.spec, c.fingerprint, c.version, c.weights, c.seconds
         from unnest($2::uuid[], $3::int[], $4::text[], $5::bigint[], $6::int[], $7::jsonb[], $8::text[], $9::text[],
                $10::text[], $11::float8[])
            as c(id, position, arm, seed, fold, spec, fingerprint, version, weights, seconds)",
        experiment.0,
        &ids,
        &positions,
        &arms,
        &seeds,
        &folds as _,
        &specs as _,
        &prints,
        &versions,
        &weights as _,
        &seconds as _
    )
    .execute(db)
    .await?
    .rows_affected();
    crate::db::exactly(runs.len() as u64, made, "import runs")
}

/// Writes the worker that stands for those who made the attempts: it is gone, and offers and holds nothing.
///
/// # Errors
/// The database cannot be reached.
pub async fn worker(db: &mut PgConnection, id: WorkerId) -> Result<(), sqlx::Error> {
    let made = sqlx::query!(
        "insert into workers (id, host, pool, labels, devices, science_version, gone_at)
         values ($1, '', 'imported', '{}', '[]', 'imported', mrprism_now())",
        id.0
    )
    .execute(db)
    .await?
    .rows_affected();
    crate::db::exactly(1, made, "write an import's worker")
}

/// Writes one job a run, in a state that never changes again.
///
/// # Errors
/// The database cannot be reached.
pub async fn jobs(
    db: &mut PgConnection,
    jobs: &[(JobId, RunId, JobState)],
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = jobs.iter().map(|(job, ..)| job.0).collect();
    let runs: Vec<_> = jobs.iter().map(|(_, run, _)| run.0).collect();
    let states: Vec<_> = jobs
        .iter()
        .map(|(_, _, state)| state.as_str().to_owned())
        .collect();
    let made = sqlx::query!(
        "insert into jobs (id, run_id, kind, state, pool, priority, place, memory_mib, ended_at)
         select j.id, j.run, 'train', j.state, 'imported', 0, mrprism_now(), 0, mrprism_now()
         from unnest($1::uuid[], $2::uuid[], $3::text[]) as j(id, run, state)",
        &ids,
        &runs,
        &states
    )
    .execute(db)
    .await?
    .rows_affected();
    crate::db::exactly(jobs.len() as u64, made, "import jobs")
}

/// Writes an attempt that has ended. Its lease ended with it.
///
/// # Errors
/// The database cannot be reached, or the attempt has not ended.
pub async fn attempt(
    db: &mut PgConnection,
    (id, job, run, worker): (AttemptId, JobId, RunId, WorkerId),
    nonce: Uuid,
    attempt: &ExportedAttempt,
) -> Result<(), sqlx::Error> {
    let made = sqlx::query!(
        "insert into attempts (id, job_id, run_id, number, nonce, worker_id, host, device_kind, device_index, started_at,
            lease_expires_at, ended_at, outcome, message, resumed_from_epoch, resumed_from_step, step, epoch, steps)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $10, $11, $12, $13, $14, $15, $16, $17)",
        id.0,
        job.0,
        run.0,
        attempt.number as i32,
        nonce,
        worker.0,
        attempt.host.as_deref().unwrap_or_default(),
        attempt.device.as_str(),
        attempt.started_at,
        attempt.ended_at,
        attempt.outcome.map(mrprism_protocol::state::AttemptOutcome::as_str),
        attempt.message,
        attempt.resumed_from_epoch.map(|epoch| epoch as i64),
        attempt.resumed_from_step.map(|step| step as i64),
        attempt.step as i64,
        attempt.epoch as i64,
        attempt.steps.map(|steps| steps as i64)
    )
    .execute(db)
    .await?
    .rows_affected();
    crate::db::exactly(1, made, "import an attempt")
}

/// Writes a run's scores.
///
/// # Errors
/// The database cannot be reached, or refuses a value.
pub async fn scores(
    db: &mut PgConnection,
    run: RunId,
    attempt: AttemptId,
    scores: &[Score],
) -> Result<(), sqlx::Error> {
    let outputs: Vec<_> = scores
        .iter()
        .map(|score| score.output.to_string())
        .collect();
    let recurrences: Vec<_> = scores
        .iter()
        .map(|score| score.recurrence.map(|number| number as i32))
        .collect();
    let cases: Vec<_> = scores.iter().map(|score| score.case.clone()).collect();
    let structures: Vec<_> = scores.iter().map(|score| score.structure.clone()).collect();
    let references: Vec<_> = scores
        .iter()
        .map(|score| score.reference.to_string())
        .collect();
    let metrics: Vec<_> = scores.iter().map(|score| score.metric.clone()).collect();
    let values: Vec<_> = scores.iter().map(|score| score.value).collect();
    let made = sqlx::query!(
        "insert into scores (run_id, attempt_id, output, recurrence, case_name, structure, reference, metric, value)
         select $1, $2, s.output, s.recurrence, s.case_name, s.structure, s.reference, s.metric, s.value
         from unnest($3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::float8[])
            as s(output, recurrence, case_name, structure, reference, metric, value)",
        run.0,
        attempt.0,
        &outputs,
        &recurrences as _,
        &cases,
        &structures,
        &references,
        &metrics,
        &values
    )
    .execute(db)
    .await?
    .rows_affected();
    crate::db::exactly(scores.len() as u64, made, "import scores")
}

/// Writes a run's curves as the points of one attempt.
///
/// # Errors
/// The database cannot be reached, or refuses a value.
pub async fn curves(
    db: &mut PgConnection,
    attempt: AttemptId,
    curves: &[Curve],
) -> Result<(), sqlx::Error> {
    let (mut series, mut steps, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for curve in curves {
        for (step, value) in &curve.points {
            series.push(curve.series.clone());
            steps.push(*step as i64);
            values.push(*value);
        }
    }
    let made = sqlx::query!(
        "insert into metric_points (attempt_id, sequence, series, step, value)
         select $1, p.sequence - 1, p.series, p.step, p.value
         from unnest($2::text[], $3::bigint[], $4::float8[]) with ordinality as p(series, step, value, sequence)",
        attempt.0,
        &series,
        &steps,
        &values
    )
    .execute(db)
    .await?
    .rows_affected();
    crate::db::exactly(values.len() as u64, made, "import curves")
}

/// Notes where the experiment comes from.
///
/// # Errors
/// The database cannot be reached.
pub async fn note(
    db: &mut PgConnection,
    experiment: ExperimentId,
    worker: WorkerId,
    import: &Import,
) -> Result<(), sqlx::Error> {
    let made = sqlx::query!(
        "insert into imports (experiment_id, hash, worker_id, notes) values ($1, $2, $3, $4)",
        experiment.0,
        import.hash,
        worker.0,
        &import.notes
    )
    .execute(db)
    .await?
    .rows_affected();
    crate::db::exactly(1, made, "note an import")
}
