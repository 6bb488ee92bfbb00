//! Snapshots: tables as they were.

use mrprism_protocol::id::ExperimentId;
use mrprism_protocol::wire::{Cited, SnapshotView};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

/// Freezes a content under a name; false where the name or the content is there already.
///
/// # Errors
/// The database cannot be reached, or refuses a value.
pub async fn create(
    db: &mut PgConnection,
    experiment: ExperimentId,
    name: &str,
    hash: &str,
    content: &str,
    cites: &[Cited],
) -> Result<bool, sqlx::Error> {
    let made = sqlx::query!(
        "insert into snapshots (name, experiment_id, hash, content, cites) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        name,
        experiment.0,
        hash,
        content,
        Json(cites) as _
    )
    .execute(db)
    .await?;
    Ok(made.rows_affected() == 1)
}

/// The snapshot with this content.
///
/// # Errors
/// The database cannot be reached.
pub async fn with_hash(pool: &PgPool, hash: &str) -> Result<Option<SnapshotView>, sqlx::Error> {
    Ok(views(pool, Some(hash), None).await?.pop())
}

/// The snapshot of this name with its content.
///
/// # Errors
/// The database cannot be reached.
pub async fn named(
    pool: &PgPool,
    name: &str,
) -> Result<Option<(SnapshotView, String)>, sqlx::Error> {
    let Some(view) = views(pool, None, Some(name)).await?.pop() else {
        return Ok(None);
    };
    let content = sqlx::query_scalar!("select content from snapshots where name = $1", name)
        .fetch_one(pool)
        .await?;
    Ok(Some((view, content)))
}

/// Every snapshot, newest first.
///
/// # Errors
/// The database cannot be reached.
pub async fn list(pool: &PgPool) -> Result<Vec<SnapshotView>, sqlx::Error> {
    views(pool, None, None).await
}

async fn views(
    pool: &PgPool,
    hash: Option<&str>,
    name: Option<&str>,
) -> Result<Vec<SnapshotView>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select s.name, e.name as experiment, s.hash, s.created_at, s.cites as "cites: Json<Vec<Cited>>"
           from snapshots s join experiments e on e.id = s.experiment_id
           where ($1::text is null or s.hash = $1) and ($2::text is null or s.name = $2)
           order by s.created_at desc, s.name"#,
        hash,
        name
    )
    .fetch_all(pool)
    .await?;
    let views = rows.into_iter().map(|row| SnapshotView {
        name: row.name,
        experiment: row.experiment,
        hash: row.hash,
        created_at: row.created_at,
        cites: row.cites.0,
    });
    Ok(views.collect())
}
