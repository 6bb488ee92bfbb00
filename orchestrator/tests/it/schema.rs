//! The schema: every migration over rows that were there before, and rules that no program can break.

use mrprism_orchestrator::db::{self, Connection as _, PgConnection};
use mrprism_protocol::state::AttemptOutcome;

use crate::support::{Server, Worker, bundle, empty_database};

/// Each migration is applied to a database that holds the sample rows of all before it.
#[tokio::test]
async fn every_migration_meets_rows_that_are_there() {
    let mut db = PgConnection::connect_with(&empty_database().await)
        .await
        .unwrap();
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/samples");
    let mut applied = 0;
    for migration in db::MIGRATIONS.iter() {
        db::MIGRATIONS
            .run_to(migration.version, &mut db)
            .await
            .unwrap();
        let name = format!(
            "{:04}_{}.sql",
            migration.version,
            migration.description.replace(' ', "_")
        );
        let sample = std::fs::read_to_string(samples.join(&name)).unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sample))
            .execute(&mut db)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        applied += 1;
    }
    assert!(applied >= 5);
    db::MIGRATIONS.run(&mut db).await.unwrap();
    let attempts: i64 = sqlx::query_scalar("select count(*) from attempts")
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert_eq!(attempts, 2);
}

/// Statements that no rule allows, against rows of every kind.
#[tokio::test]
async fn what_is_final_cannot_be_rewritten() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("final", 2)).await;
    let done = worker.claim().await.unwrap();
    worker.finish(&done, AttemptOutcome::Succeeded).await;
    let live = worker.claim().await.unwrap();
    let refused = async |statement: String, by: &str| {
        let error = sqlx::query(sqlx::AssertSqlSafe(statement.clone()))
            .execute(server.db())
            .await
            .expect_err(&statement)
            .to_string();
        assert!(error.contains(by), "{statement}: {error}");
    };
    let (job, run, attempt) = (done.job, done.run, done.attempt);
    refused(
        format!("update jobs set state = 'queued', ended_at = null where id = '{job}'"),
        "final",
    )
    .await;
    refused(
        format!("update jobs set priority = 1 where id = '{job}'"),
        "final",
    )
    .await;
    refused(format!("delete from jobs where id = '{job}'"), "final").await;
    refused(
        format!("update attempts set outcome = 'lost' where id = '{attempt}'"),
        "never rewritten",
    )
    .await;
    refused(
        format!("update attempts set outcome = null, ended_at = null where id = '{attempt}'"),
        "never rewritten",
    )
    .await;
    refused(
        format!("update runs set seed = 7 where id = '{run}'"),
        "immutable",
    )
    .await;
    refused(
        format!("update runs set spec = '{{}}' where id = '{run}'"),
        "immutable",
    )
    .await;
    let again = format!(
        "insert into jobs (id, run_id, kind, state, pool, priority, place, memory_mib)
         values (gen_random_uuid(), '{run}', 'train', 'queued', 'default', 0, now(), 0)"
    );
    refused(again.clone(), "not repeated").await;
    let second = again.replace(&run.to_string(), &live.run.to_string());
    refused(second, "jobs_one_open_a_run").await;
    let two_owners = format!(
        "insert into attempts (id, job_id, run_id, number, nonce, worker_id, host, device_kind, device_index, lease_expires_at)
         select gen_random_uuid(), job_id, run_id, 9, gen_random_uuid(), worker_id, host, 'cuda', 3, now()
         from attempts where id = '{}'",
        live.attempt
    );
    refused(two_owners, "attempts_one_live_a_job").await;
}

#[tokio::test]
async fn a_failed_run_may_get_a_new_job() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("again", 1)).await;
    let claim = worker.claim().await.unwrap();
    worker.finish(&claim, AttemptOutcome::Failed).await;
    let again = format!(
        "insert into jobs (id, run_id, kind, state, pool, priority, place, memory_mib, created_at)
         values (gen_random_uuid(), '{}', 'train', 'queued', 'default', 0, now(), 0, now() + interval '1 s')",
        claim.run
    );
    sqlx::query(sqlx::AssertSqlSafe(again))
        .execute(server.db())
        .await
        .unwrap();
    let next = worker.claim().await.unwrap();
    assert_eq!((next.run, next.attempt_number), (claim.run, 2));
    assert_eq!(server.runs("again").await[0].attempts.len(), 2);
}
