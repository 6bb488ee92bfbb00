//! Runs: what they are, and what became of them.

use mrprism_protocol::id::{ExperimentId, RunId};
use mrprism_protocol::spec::{Cell, Fingerprint, RunSpec, Seed};
use mrprism_protocol::wire::RunView;
use mrprism_report::RunFacts;
use sqlx::types::{Json, Uuid};
use sqlx::{PgConnection, PgPool};

use super::{attempts, run_cases};

/// Writes runs of an experiment, in order, from position `first` on.
///
/// # Errors
/// The database cannot be reached.
pub async fn create(
    db: &mut PgConnection,
    experiment: ExperimentId,
    first: u32,
    ids: &[RunId],
    cells: &[Cell],
    fingerprints: &[Fingerprint],
    science_version: &str,
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let positions: Vec<_> = (first as i32..).take(cells.len()).collect();
    let arms: Vec<_> = cells.iter().map(|cell| cell.arm.clone()).collect();
    let seeds: Vec<_> = cells.iter().map(|cell| cell.seed.0 as i64).collect();
    let folds: Vec<_> = cells
        .iter()
        .map(|cell| cell.fold.map(|fold| fold as i32))
        .collect();
    // Cells that differ by seed or fold only follow each other: what they share is written and read once.
    let mut specs: Vec<Json<&RunSpec>> = Vec::new();
    let mut spec_of = Vec::with_capacity(cells.len());
    for cell in cells {
        if specs.last().is_none_or(|last| *last.0 != cell.spec) {
            specs.push(Json(&cell.spec));
        }
        spec_of.push(specs.len() as i64);
    }
    let prints: Vec<_> = fingerprints.iter().map(|print| print.0.clone()).collect();
    let made = sqlx::query!(
        "insert into runs (id, experiment_id, position, arm, seed, fold, spec, fingerprint, science_version)
         select c.id, $1, c.position, c.arm, c.seed, c.fold, s.spec, c.fingerprint, $9
         from unnest($2::uuid[], $3::int[], $4::text[], $5::bigint[], $6::int[], $8::text[], $10::bigint[])
            as c(id, position, arm, seed, fold, fingerprint, spec)
            join unnest($7::jsonb[]) with ordinality as s(spec, number) on s.number = c.spec",
        experiment.0,
        &ids,
        &positions,
        &arms,
        &seeds,
        &folds as _,
        &specs as _,
        &prints,
        science_version,
        &spec_of
    )
    .execute(db)
    .await?
    .rows_affected();
    super::exactly(cells.len() as u64, made, "create runs")
}

/// Notes what training made: the weights' hash and its seconds.
///
/// # Errors
/// The database cannot be reached, or there is no such run.
pub async fn trained(
    db: &mut PgConnection,
    run: RunId,
    weights_hash: Option<&str>,
    train_seconds: Option<f64>,
) -> Result<(), sqlx::Error> {
    let changed = sqlx::query!(
        "update runs set weights_hash = $2, train_seconds = $3 where id = $1",
        run.0,
        weights_hash,
        train_seconds
    )
    .execute(db)
    .await?
    .rows_affected();
    super::exactly(1, changed, "note a run's weights")
}

/// One run with its whole specification; none where there is no such run.
///
/// # Errors
/// The database cannot be reached.
pub async fn view(pool: &PgPool, run: RunId) -> Result<Option<RunView>, sqlx::Error> {
    let Some(mut view) = views(pool, None, Some(run)).await?.pop() else {
        return Ok(None);
    };
    let spec = sqlx::query_scalar!(
        r#"select spec as "spec: Json<RunSpec>" from runs where id = $1"#,
        run.0
    )
    .fetch_one(pool)
    .await?;
    view.spec = Some(spec.0);
    Ok(Some(view))
}

/// An experiment's runs, in order.
///
/// # Errors
/// The database cannot be reached.
pub async fn of_experiment(
    pool: &PgPool,
    experiment: ExperimentId,
) -> Result<Vec<RunView>, sqlx::Error> {
    views(pool, Some(experiment), None).await
}

/// What an experiment's runs are and where they stand, in order.
///
/// # Errors
/// The database cannot be reached.
pub async fn facts(pool: &PgPool, experiment: ExperimentId) -> Result<Vec<RunFacts>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select r.id, r.arm, r.seed, r.fold, r.spec as "spec: Json<RunSpec>", r.science_version, newest.state
           from runs r cross join lateral (
                select state from jobs where run_id = r.id and kind = 'train' order by created_at desc, id desc limit 1) newest
           where r.experiment_id = $1 order by r.position"#,
        experiment.0
    )
    .fetch_all(pool)
    .await?;
    let mut patients = run_cases::patients(pool, experiment).await?;
    rows.into_iter()
        .map(|row| {
            Ok(RunFacts {
                patients: patients.remove(&row.id).unwrap_or_default(),
                run: row.id.into(),
                arm: row.arm,
                seed: Seed(row.seed as u64),
                fold: row.fold.map(|fold| fold as u32),
                state: super::spelled(&row.state)?,
                spec: row.spec.0,
                science_version: row.science_version,
            })
        })
        .collect()
}

async fn views(
    pool: &PgPool,
    experiment: Option<ExperimentId>,
    run: Option<RunId>,
) -> Result<Vec<RunView>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select r.id, r.experiment_id, e.name, r.arm, r.seed, r.fold, r.weights_hash, newest.state, newest.asked, newest.reason,
                a.phase as "phase?", a.step as "step?", a.epoch as "epoch?", a.steps as "steps?"
           from runs r
           join experiments e on e.id = r.experiment_id
           cross join lateral (
                select state, asked, reason from jobs where run_id = r.id and kind = 'train' order by created_at desc, id desc limit 1) newest
           left join lateral (
                select t.phase, t.step, t.epoch, t.steps from attempts t join jobs j on j.id = t.job_id
                where t.run_id = r.id and j.kind = 'train' order by t.number desc limit 1) a on true
           where ($1::uuid is null or r.experiment_id = $1) and ($2::uuid is null or r.id = $2)
           order by r.experiment_id, r.position"#,
        experiment.map(|id| id.0),
        run.map(|id| id.0)
    )
    .fetch_all(pool)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut attempts = attempts::views(pool, &ids).await?;
    rows.into_iter()
        .map(|row| {
            Ok(RunView {
                attempts: attempts.remove(&row.id).unwrap_or_default(),
                id: row.id.into(),
                experiment: row.experiment_id.into(),
                experiment_name: row.name,
                arm: row.arm,
                seed: Seed(row.seed as u64),
                fold: row.fold.map(|fold| fold as u32),
                state: super::spelled(&row.state)?,
                asked: super::spelled_or_none(row.asked.as_deref())?,
                reason: row.reason,
                phase: row.phase,
                step: row.step.unwrap_or(0) as u64,
                epoch: row.epoch.unwrap_or(0) as u64,
                steps: row.steps.map(|steps| steps as u64),
                weights_hash: row.weights_hash,
                spec: None,
            })
        })
        .collect()
}
