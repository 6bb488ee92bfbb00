//! An experiment's definition: the bundle it has now, those it had, and the cells that stand for it.

use mrprism_protocol::id::{ExperimentId, RunId};
use mrprism_protocol::spec::{Bundle, Fingerprint, RunSpec, Seed};
use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::PastDefinition;
use sqlx::types::{Json, Uuid};
use sqlx::{PgConnection, PgPool};

/// What an experiment is by its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// Its name.
    pub name: String,
    /// Its bundle.
    pub bundle: Bundle,
    /// The bundle's hash.
    pub hash: String,
}

/// A run as a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCell {
    /// The run.
    pub run: RunId,
    /// The arm.
    pub arm: String,
    /// The data set.
    pub dataset: String,
    /// The replicate.
    pub seed: Seed,
    /// The fold.
    pub fold: Option<u32>,
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// Its newest training job's state.
    pub state: JobState,
}

/// An experiment's definition.
///
/// # Errors
/// The database cannot be reached, or there is no such experiment.
pub async fn current(db: &mut PgConnection, id: ExperimentId) -> Result<Current, sqlx::Error> {
    let row = sqlx::query!(
        r#"select name, bundle as "bundle: Json<Bundle>", bundle_hash from experiments where id = $1"#,
        id.0
    )
    .fetch_one(db)
    .await?;
    Ok(Current {
        name: row.name,
        bundle: row.bundle.0,
        hash: row.bundle_hash,
    })
}

/// Definitions that it had before, newest first.
///
/// # Errors
/// The database cannot be reached.
pub async fn earlier(pool: &PgPool, id: ExperimentId) -> Result<Vec<PastDefinition>, sqlx::Error> {
    let rows = sqlx::query!(
        "select number, bundle_hash, superseded_at from past_definitions
         where experiment_id = $1 order by number desc",
        id.0
    )
    .fetch_all(pool)
    .await?;
    let earlier = rows.into_iter().map(|row| PastDefinition {
        number: row.number as u32,
        hash: row.bundle_hash,
        superseded_at: row.superseded_at,
    });
    Ok(earlier.collect())
}

/// Keeps the definition that it has among the earlier ones, and gives it another. Its row is to be locked.
///
/// # Errors
/// The database cannot be reached, or there is no such experiment.
pub async fn supersede(
    db: &mut PgConnection,
    id: ExperimentId,
    question: &str,
    bundle: &Bundle,
    hash: &str,
) -> Result<(), sqlx::Error> {
    let kept = sqlx::query!(
        "insert into past_definitions (experiment_id, number, bundle, bundle_hash)
         select e.id, 1 + (select count(*) from past_definitions p where p.experiment_id = e.id), e.bundle, e.bundle_hash
         from experiments e where e.id = $1",
        id.0
    )
    .execute(&mut *db)
    .await?
    .rows_affected();
    super::exactly(1, kept, "keep a definition")?;
    let changed = sqlx::query!(
        "update experiments set question = $2, bundle = $3, bundle_hash = $4 where id = $1",
        id.0,
        question,
        Json(bundle) as _,
        hash
    )
    .execute(db)
    .await?
    .rows_affected();
    super::exactly(1, changed, "redefine an experiment")
}

/// Every run of an experiment as a cell, in order of position.
///
/// # Errors
/// The database cannot be reached.
pub async fn cells(
    db: &mut PgConnection,
    id: ExperimentId,
) -> Result<Vec<StoredCell>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select r.id, r.arm, r.dataset_name as "dataset!", r.seed, r.fold, r.fingerprint, newest.state
           from runs r cross join lateral (
                select state from jobs where run_id = r.id and kind = 'train' order by created_at desc, id desc limit 1) newest
           where r.experiment_id = $1 order by r.position"#,
        id.0
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(StoredCell {
                run: row.id.into(),
                arm: row.arm,
                dataset: row.dataset,
                seed: Seed(row.seed as u64),
                fold: row.fold.map(|fold| fold as u32),
                fingerprint: Fingerprint(row.fingerprint),
                state: super::spelled(&row.state)?,
            })
        })
        .collect()
}

/// The specifications of these runs.
///
/// # Errors
/// The database cannot be reached.
pub async fn specs(
    db: &mut PgConnection,
    runs: &[RunId],
) -> Result<Vec<(RunId, RunSpec)>, sqlx::Error> {
    let runs: Vec<Uuid> = runs.iter().map(|run| run.0).collect();
    let rows = sqlx::query!(
        r#"select id, spec as "spec: Json<RunSpec>" from runs where id = any($1)"#,
        &runs
    )
    .fetch_all(db)
    .await?;
    let specs = rows.into_iter().map(|row| (row.id.into(), row.spec.0));
    Ok(specs.collect())
}

/// The position after an experiment's last run.
///
/// # Errors
/// The database cannot be reached.
pub async fn next_position(db: &mut PgConnection, id: ExperimentId) -> Result<u32, sqlx::Error> {
    let next = sqlx::query_scalar!(
        r#"select coalesce(max(position) + 1, 0) as "next!" from runs where experiment_id = $1"#,
        id.0
    )
    .fetch_one(db)
    .await?;
    Ok(next as u32)
}

/// Notes that a cancelled experiment has work again.
///
/// # Errors
/// The database cannot be reached, or there is no such experiment.
pub async fn revive(db: &mut PgConnection, id: ExperimentId) -> Result<(), sqlx::Error> {
    let changed = sqlx::query!(
        "update experiments set cancelled_at = null where id = $1",
        id.0
    )
    .execute(db)
    .await?
    .rows_affected();
    super::exactly(1, changed, "revive an experiment")
}
