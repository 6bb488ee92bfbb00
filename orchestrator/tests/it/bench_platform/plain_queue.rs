//! The least that a queue in Postgres can be, as the peer: a table of rows with a state, taken with skip-locked, put down by
//! an update; one commit each.

use mrprism_orchestrator::db::PgPool;

/// Makes the table with this many rows.
pub(super) async fn fill(pool: &PgPool, rows: usize) {
    for statement in [
        "create table plain_jobs (id bigserial primary key, state text not null default 'queued')",
        "create index plain_jobs_queued on plain_jobs (id) where state = 'queued'",
    ] {
        sqlx::query(statement).execute(pool).await.unwrap();
    }
    sqlx::query("insert into plain_jobs select from generate_series(1, $1)")
        .bind(rows as i64)
        .execute(pool)
        .await
        .unwrap();
}

/// Takes the next row; false where there is none.
pub(super) async fn claim_and_finish(pool: &PgPool) -> bool {
    let mut db = pool.begin().await.unwrap();
    let next: Option<i64> = sqlx::query_scalar(
        "select id from plain_jobs where state = 'queued' order by id limit 1 for update skip locked",
    )
    .fetch_optional(&mut *db)
    .await
    .unwrap();
    let Some(id) = next else { return false };
    sqlx::query("update plain_jobs set state = 'leased' where id = $1")
        .bind(id)
        .execute(&mut *db)
        .await
        .unwrap();
    db.commit().await.unwrap();
    sqlx::query("update plain_jobs set state = 'succeeded' where id = $1 and state = 'leased'")
        .bind(id)
        .execute(pool)
        .await
        .unwrap();
    true
}
