//! Artifacts: a run's files by name, and the contents they stand for.

use std::time::Duration;

use mrprism_protocol::id::{AttemptId, RunId};
use mrprism_protocol::state::ArtifactKind;
use mrprism_protocol::wire::ArtifactRef;
use sqlx::{PgConnection, PgPool};

/// Notes that a content is wanted, and locks it against pruning until the transaction ends. Its bytes are to be put in
/// place before that.
///
/// # Errors
/// The database cannot be reached.
pub async fn hold_blob(db: &mut PgConnection, hash: &str, size: u64) -> Result<(), sqlx::Error> {
    let changed = sqlx::query!(
        "insert into blobs (hash, size) values ($1, $2)
         on conflict (hash) do update set stored_at = mrprism_now()",
        hash,
        size as i64
    )
    .execute(db)
    .await?
    .rows_affected();
    super::exactly(1, changed, "note a content")
}

/// Records a file of a run; an earlier one of the same kind and name is replaced.
///
/// # Errors
/// The database cannot be reached.
pub async fn record(
    db: &mut PgConnection,
    run: RunId,
    attempt: AttemptId,
    kind: ArtifactKind,
    name: &str,
    hash: &str,
) -> Result<(), sqlx::Error> {
    let changed = sqlx::query!(
        "insert into artifacts (run_id, kind, name, hash, attempt_id) values ($1, $2, $3, $4, $5)
         on conflict (run_id, kind, name) do update set
            hash = excluded.hash, attempt_id = excluded.attempt_id, stored_at = mrprism_now()",
        run.0,
        kind.as_str(),
        name,
        hash,
        attempt.0
    )
    .execute(db)
    .await?
    .rows_affected();
    super::exactly(1, changed, "record a file")
}

/// Forgets a run's checkpoints: once it has succeeded nothing goes on from them.
///
/// # Errors
/// The database cannot be reached.
pub async fn forget_checkpoints(db: &mut PgConnection, run: RunId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from artifacts where run_id = $1 and kind = 'checkpoint'",
        run.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A run's files, by kind and name.
///
/// # Errors
/// The database cannot be reached.
pub async fn of_run(
    pool: &PgPool,
    run: RunId,
) -> Result<Vec<(ArtifactKind, ArtifactRef)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select a.kind, a.name, a.hash, b.size from artifacts a join blobs b on b.hash = a.hash
         where a.run_id = $1 order by a.kind, a.name",
        run.0
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            let file = ArtifactRef {
                hash: row.hash,
                size: row.size as u64,
                name: row.name,
            };
            Ok((super::spelled(&row.kind)?, file))
        })
        .collect()
}

/// The size of a content; none where it is not stored.
///
/// # Errors
/// The database cannot be reached.
pub async fn blob_size(pool: &PgPool, hash: &str) -> Result<Option<u64>, sqlx::Error> {
    let size = sqlx::query_scalar!("select size from blobs where hash = $1", hash)
        .fetch_optional(pool)
        .await?;
    Ok(size.map(|size| size as u64))
}

/// Deletes the rows of at most `limit` contents that no file stands for and that were not given lately, and says
/// their hashes. The bytes are to be removed before the transaction ends.
///
/// # Errors
/// The database cannot be reached.
pub async fn release_blobs(
    db: &mut PgConnection,
    unused_for: Duration,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "delete from blobs where hash in (
            select b.hash from blobs b
            where b.stored_at < mrprism_now() - make_interval(secs => $1)
                and not exists (select from artifacts a where a.hash = b.hash)
            order by b.hash limit $2
            for update skip locked)
         returning hash",
        unused_for.as_secs_f64(),
        limit
    )
    .fetch_all(db)
    .await
}
