//! Claims and finishes a second: by the functions that the server calls, through HTTP, and beside them a plain table taken
//! with skip-locked. And whether in a hundred thousand claims any job had two owners.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use mrprism_orchestrator::db::workers::Asking;
use mrprism_orchestrator::db::{self, PgPool};
use mrprism_orchestrator::domain::Ending;
use mrprism_orchestrator::queue::{match_worker, order, retry};
use mrprism_protocol::id::WorkerId;
use mrprism_protocol::state::{AttemptOutcome, DeviceKind};
use mrprism_protocol::wire::Claim;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use super::{ROUNDS, large, plain_queue, rate, say, workers};
use crate::support::{Server, Worker, fresh_database};

const CLIENTS: usize = 32;
/// Claims of a round.
const CLAIMS: usize = 3000;
const LEASE: Duration = Duration::from_mins(1);

/// A connection for each client, so that none waits for another's.
async fn pool(url: &str, connections: usize) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections as u32)
        .connect(url)
        .await
        .unwrap()
}

/// What `POST /api/v1/worker/claim` does in the database when a job without limits is there.
async fn claim(pool: &PgPool, worker: WorkerId) -> Option<Claim> {
    let mut db = db::begin(pool).await.unwrap();
    let nonce = Uuid::now_v7();
    let asking = db::workers::lock_claimer(&mut db, worker, DeviceKind::Cpu, 0)
        .await
        .unwrap();
    let Asking::Free(claimer) = asking else {
        panic!("{asking:?}")
    };
    db::attempts::by_nonce(&mut db, nonce).await.unwrap();
    let mut candidates = db::jobs::lock_candidates(&mut db, &claimer, None, LEASE, 1)
        .await
        .unwrap();
    order::sort(&mut candidates);
    let candidate = match_worker::fitting(&claimer, &candidates).next()?;
    let attempt = Uuid::now_v7().into();
    db::attempts::create(&mut db, attempt, candidate, &claimer, nonce, LEASE)
        .await
        .unwrap();
    db::jobs::lease(&mut db, candidate.job).await.unwrap();
    let claim = db::claims::of_attempt(&mut db, attempt, LEASE, LEASE / 6)
        .await
        .unwrap();
    db.commit().await.unwrap();
    Some(claim)
}

/// What `POST /api/v1/worker/finish` does in the database when training has succeeded.
async fn finish(pool: &PgPool, claim: &Claim) {
    let mut db = db::begin(pool).await.unwrap();
    let live = db::attempts::lock_live(&mut db, claim.job, claim.fence)
        .await
        .unwrap()
        .unwrap();
    let ending = Ending {
        outcome: AttemptOutcome::Succeeded,
        message: None,
        weights_hash: Some("w1".to_owned()),
        train_seconds: Some(1.5),
    };
    let next = retry::next(ending.outcome, &live.history, 0.5);
    db::attempts::end(&mut db, live.attempt, &ending)
        .await
        .unwrap();
    db::jobs::settle(&mut db, &live, next).await.unwrap();
    db::runs::trained(&mut db, live.run, Some("w1"), ending.train_seconds)
        .await
        .unwrap();
    db::artifacts::forget_checkpoints(&mut db, live.run)
        .await
        .unwrap();
    db.commit().await.unwrap();
}

/// How long the workers take over so many claims, each with its finish.
async fn in_the_database(pool: &PgPool, workers: &[Worker<'_>], claims: usize) -> Duration {
    let taken = AtomicUsize::new(0);
    let began = Instant::now();
    join_all(workers.iter().map(|worker| {
        let (taken, pool, worker) = (&taken, pool, worker.id);
        async move {
            while taken.fetch_add(1, Ordering::Relaxed) < claims {
                let claim = claim(pool, worker).await.expect("there are jobs enough");
                finish(pool, &claim).await;
            }
        }
    }))
    .await;
    began.elapsed()
}

async fn through_http(workers: &[Worker<'_>], claims: usize) -> Duration {
    let taken = AtomicUsize::new(0);
    let began = Instant::now();
    join_all(workers.iter().map(|worker| {
        let taken = &taken;
        async move {
            while taken.fetch_add(1, Ordering::Relaxed) < claims {
                let claim = worker.claim().await.expect("there are jobs enough");
                let done = worker.finish(&claim, AttemptOutcome::Succeeded).await;
                assert!(done.status.is_success(), "{}", done.text);
            }
        }
    }))
    .await;
    began.elapsed()
}

async fn on_a_plain_table(pool: &PgPool, claims: usize) -> Duration {
    let taken = AtomicUsize::new(0);
    let began = Instant::now();
    join_all((0..CLIENTS).map(|_| async {
        while taken.fetch_add(1, Ordering::Relaxed) < claims {
            assert!(plain_queue::claim_and_finish(pool).await);
        }
    }))
    .await;
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a benchmark: make bench-platform"]
async fn claims_and_finishes_of_32_clients() {
    let url = fresh_database().await;
    let server = Server::on(url.clone()).await;
    let workers = workers(&server, CLIENTS).await;
    server.submit(&large("many", 20_000)).await;
    let pool = pool(&url, CLIENTS).await;
    plain_queue::fill(&pool, 20_000).await;
    let measure = "claim + finish, 32 clients";
    let say = |whose, took| say(measure, whose, "/s", rate(CLAIMS, took));
    for _ in 0..ROUNDS {
        say("plain table", on_a_plain_table(&pool, CLAIMS).await);
        let took = in_the_database(&pool, &workers, CLAIMS).await;
        say("mrprism, database layer", took);
        say("mrprism, HTTP", through_http(&workers, CLAIMS).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a benchmark: make bench-platform"]
async fn a_hundred_thousand_claims_of_64_claimers() {
    const CLAIMERS: usize = 64;
    const JOBS: usize = 100_000;
    let url = fresh_database().await;
    let server = Server::on(url.clone()).await;
    let workers = workers(&server, CLAIMERS).await;
    server.submit(&large("all", JOBS)).await;
    let pool = pool(&url, CLAIMERS).await;
    let took = in_the_database(&pool, &workers, JOBS).await;
    let measure = "100,000 claims, 64 claimers";
    say(measure, "mrprism, database layer", "/s", rate(JOBS, took));
    let attempts = server.count("select count(*) from attempts").await;
    assert_eq!(attempts, JOBS as i64);
    // Every attempt succeeded, and nothing that succeeded is tried again: a second attempt is a second owner.
    let twice =
        "select count(*) from (select from attempts group by job_id having count(*) > 1) twice";
    let twice = server.count(twice).await;
    say(measure, "double owners", "", twice as f64);
    assert_eq!(twice, 0);
}
