//! Experiments: what was asked.

use std::collections::BTreeMap;

use mrprism_protocol::id::ExperimentId;
use mrprism_protocol::spec::Bundle;
use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::ExperimentView;
use sqlx::types::{Json, Uuid};
use sqlx::{PgConnection, PgPool};

use crate::domain::experiment_state;

/// What is there under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The experiment.
    pub id: ExperimentId,
    /// Hash of its bundle.
    pub bundle_hash: String,
}

/// What is there under `name`, if anything.
///
/// # Errors
/// The database cannot be reached.
pub async fn named(db: &mut PgConnection, name: &str) -> Result<Option<Named>, sqlx::Error> {
    let row = sqlx::query!(
        "select id, bundle_hash from experiments where name = $1",
        name
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Named {
        id: row.id.into(),
        bundle_hash: row.bundle_hash,
    }))
}

/// Takes the name for `id`; false where another took it first.
///
/// # Errors
/// The database cannot be reached.
pub async fn create(
    db: &mut PgConnection,
    id: ExperimentId,
    name: &str,
    question: &str,
    bundle: &Bundle,
    bundle_hash: &str,
) -> Result<bool, sqlx::Error> {
    let made = sqlx::query!(
        "insert into experiments (id, name, question, bundle, bundle_hash) values ($1, $2, $3, $4, $5)
         on conflict (name) do nothing",
        id.0,
        name,
        question,
        Json(bundle) as _,
        bundle_hash
    )
    .execute(db)
    .await?;
    Ok(made.rows_affected() == 1)
}

/// The experiment that `word` means: its id or its name.
///
/// # Errors
/// The database cannot be reached.
pub async fn find(pool: &PgPool, word: &str) -> Result<Option<ExperimentId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        "select id from experiments where id = $1 or name = $2 order by (id = $1) desc limit 1",
        word.parse().unwrap_or_else(|_| Uuid::nil()),
        word
    )
    .fetch_optional(pool)
    .await?;
    Ok(id.map(ExperimentId))
}

/// Its bundle.
///
/// # Errors
/// The database cannot be reached, or there is no such experiment.
pub async fn bundle(pool: &PgPool, id: ExperimentId) -> Result<Bundle, sqlx::Error> {
    let bundle = sqlx::query_scalar!(
        r#"select bundle as "bundle: Json<Bundle>" from experiments where id = $1"#,
        id.0
    )
    .fetch_one(pool)
    .await?;
    Ok(bundle.0)
}

/// Notes that a person cancelled it; the first time counts.
///
/// # Errors
/// The database cannot be reached, or there is no such experiment.
pub async fn mark_cancelled(db: &mut PgConnection, id: ExperimentId) -> Result<(), sqlx::Error> {
    let changed = sqlx::query!(
        "update experiments set cancelled_at = coalesce(cancelled_at, mrprism_now()) where id = $1",
        id.0
    )
    .execute(db)
    .await?
    .rows_affected();
    super::exactly(1, changed, "cancel an experiment")
}

/// One experiment with its runs counted by state.
///
/// # Errors
/// The database cannot be reached, or there is no such experiment.
pub async fn view(pool: &PgPool, id: ExperimentId) -> Result<ExperimentView, sqlx::Error> {
    views(pool, Some(id), 1)
        .await?
        .pop()
        .ok_or(sqlx::Error::RowNotFound)
}

/// The newest experiments, at most `limit`.
///
/// # Errors
/// The database cannot be reached.
pub async fn newest(pool: &PgPool, limit: i64) -> Result<Vec<ExperimentView>, sqlx::Error> {
    views(pool, None, limit).await
}

async fn views(
    pool: &PgPool,
    only: Option<ExperimentId>,
    limit: i64,
) -> Result<Vec<ExperimentView>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id, name, question, created_at, (cancelled_at is not null) as "cancelled!",
                (paused_at is not null) as "paused!"
           from experiments where ($1::uuid is null or id = $1)
           order by created_at desc, id desc limit $2"#,
        only.map(|id| id.0),
        limit
    )
    .fetch_all(pool)
    .await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut counts = counts(pool, &ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let runs = counts.remove(&row.id).unwrap_or_default();
            ExperimentView {
                id: row.id.into(),
                name: row.name,
                question: row.question,
                state: experiment_state(&runs, row.cancelled),
                created_at: row.created_at,
                paused: row.paused,
                runs,
            }
        })
        .collect())
}

/// Each experiment's runs by the state of their newest job.
async fn counts(
    pool: &PgPool,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, BTreeMap<JobState, u64>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select r.experiment_id, newest.state, count(*) as "runs!"
           from runs r cross join lateral (
                select state from jobs where run_id = r.id and kind = 'train' order by created_at desc, id desc limit 1) newest
           where r.experiment_id = any($1)
           group by r.experiment_id, newest.state"#,
        ids
    )
    .fetch_all(pool)
    .await?;
    let mut counts: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for row in rows {
        counts
            .entry(row.experiment_id)
            .or_default()
            .insert(super::spelled(&row.state)?, row.runs as u64);
    }
    Ok(counts)
}
