//! Leases: kept by heartbeats, ended by the reaper alone, judged by the database's clock.

use mrprism_orchestrator::db;
use mrprism_orchestrator::reconcile::{LeaseReaper, expire, mark_workers_gone};
use mrprism_protocol::state::{AttemptOutcome, Command, JobState};
use mrprism_protocol::wire::{EventBody, StatusView, WorkerView};

use crate::support::{Server, Worker, bundle};

fn log(message: &str) -> EventBody {
    EventBody::Log {
        level: "info".to_owned(),
        message: message.to_owned(),
    }
}

#[tokio::test]
async fn heartbeats_keep_a_lease_and_silence_ends_it() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("long", 1)).await;
    let claim = worker.claim().await.unwrap();
    for _ in 0..3 {
        server.pass(50).await;
        assert_eq!(worker.command(&claim).await, Command::Continue);
        assert!(expire(server.app()).await.unwrap().is_empty());
    }
    server.pass(61).await;
    assert_eq!(expire(server.app()).await.unwrap().len(), 1);
    let run = &server.runs("long").await[0];
    assert_eq!(run.state, JobState::Queued);
    assert_eq!(run.attempts[0].outcome, Some(AttemptOutcome::Lost));
    assert!(
        run.attempts[0]
            .message
            .as_ref()
            .unwrap()
            .contains("heartbeat")
    );
    let status: StatusView = server.get("/api/v1/status").await.json();
    assert_eq!(status.leases_expired_total, 1);
}

#[tokio::test]
async fn a_lost_job_goes_to_another_worker_with_a_larger_fence() {
    let server = Server::start().await;
    let slow = Worker::new(&server, "slow").await;
    server.submit(&bundle("moved", 1)).await;
    let lost = slow.claim().await.unwrap();
    server.pass(61).await;
    expire(server.app()).await.unwrap();
    server.pass(2).await;
    let other = Worker::new(&server, "other").await;
    let claim = other.claim().await.unwrap();
    assert_eq!((claim.job, claim.attempt_number), (lost.job, 2));
    assert!(claim.fence > lost.fence);
}

#[tokio::test]
async fn late_writes_with_an_old_fence_are_409_and_change_nothing() {
    let server = Server::start().await;
    let slow = Worker::new(&server, "slow").await;
    server.submit(&bundle("late", 1)).await;
    let lost = slow.claim().await.unwrap();
    server.pass(61).await;
    expire(server.app()).await.unwrap();
    let late_writes = async || {
        slow.report(&lost, 0, vec![log("too late")])
            .await
            .lease_lost();
        slow.finish(&lost, AttemptOutcome::Succeeded)
            .await
            .lease_lost();
        slow.upload(&lost, "weights/best.safetensors", "", "late")
            .await
            .lease_lost();
        assert_eq!(slow.command(&lost).await, Command::Abandon);
    };
    late_writes().await;
    server.pass(2).await;
    let other = Worker::new(&server, "other").await;
    let claim = other.claim().await.unwrap();
    late_writes().await;
    other.finish(&claim, AttemptOutcome::Succeeded).await;
    late_writes().await;
    assert_eq!(server.count("select count(*) from events").await, 0);
    assert_eq!(server.count("select count(*) from blobs").await, 0);
    let run = &server.runs("late").await[0];
    let outcomes: Vec<_> = run.attempts.iter().map(|attempt| attempt.outcome).collect();
    let expected = [Some(AttemptOutcome::Lost), Some(AttemptOutcome::Succeeded)];
    assert_eq!(
        (run.state, &outcomes[..]),
        (JobState::Succeeded, &expected[..])
    );
}

#[tokio::test]
async fn a_lease_that_ran_out_but_was_not_reaped_is_still_its_holders() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("outage", 1)).await;
    let claim = worker.claim().await.unwrap();
    server.pass(3600).await;
    let stored = worker.report(&claim, 0, vec![log("still here")]).await;
    assert_eq!(stored.status.as_u16(), 200, "{}", stored.text);
    assert_eq!(worker.command(&claim).await, Command::Continue);
    assert!(
        expire(server.app()).await.unwrap().is_empty(),
        "it was renewed"
    );
    assert_eq!(
        worker
            .finish(&claim, AttemptOutcome::Succeeded)
            .await
            .status
            .as_u16(),
        204
    );
}

#[tokio::test]
async fn nobody_renews_anothers_lease() {
    let server = Server::start().await;
    let holder = Worker::new(&server, "here").await;
    let other = Worker::new(&server, "there").await;
    server.submit(&bundle("mine", 1)).await;
    let claim = holder.claim().await.unwrap();
    server.pass(50).await;
    assert_eq!(other.command(&claim).await, Command::Abandon);
    server.pass(11).await;
    assert_eq!(expire(server.app()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_heartbeat_of_an_unknown_worker_is_404() {
    let server = Server::start().await;
    let beat = serde_json::json!({"worker": uuid::Uuid::now_v7(), "leases": [], "datasets": null});
    server
        .post("/api/v1/worker/heartbeat", &beat)
        .await
        .problem(404);
}

#[tokio::test]
async fn a_heartbeat_may_bring_new_data_sets() {
    let server = Server::start().await;
    let worker = Worker::holding(&server, "here", Vec::new()).await;
    let beat = serde_json::json!({
        "worker": worker.id, "leases": [], "datasets": [crate::support::phantom("phantom", "m1")],
    });
    server.post("/api/v1/worker/heartbeat", &beat).await;
    server.submit(&bundle("now", 1)).await;
    assert!(worker.claim().await.is_some());
}

#[tokio::test]
async fn after_five_lost_workers_the_sixth_quarantines() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("poison", 1)).await;
    for number in 1..=6 {
        let claim = worker.claim().await.unwrap();
        assert_eq!(claim.attempt_number, number);
        server.pass(61).await;
        assert_eq!(expire(server.app()).await.unwrap().len(), 1);
        server.pass(600).await;
    }
    assert_eq!(server.runs("poison").await[0].state, JobState::Quarantined);
    assert_eq!(worker.claim().await, None);
}

#[tokio::test]
async fn a_lost_job_waits_a_moment_before_it_is_tried_again() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("backoff", 1)).await;
    let mut waits = Vec::new();
    for _ in 0..4 {
        let claim = worker.claim().await.unwrap();
        worker.finish(&claim, AttemptOutcome::Infrastructure).await;
        let wait: f64 = sqlx::query_scalar(
            "select extract(epoch from not_before - mrprism_now())::float8 from jobs",
        )
        .fetch_one(server.db())
        .await
        .unwrap();
        waits.push(wait);
        server.pass(600).await;
    }
    // 1, 2, 4, 8 s, of which up to a half is chance, and of which some milliseconds have gone by.
    for (wait, whole) in waits.iter().zip([1.0, 2.0, 4.0, 8.0]) {
        assert!(*wait <= whole && *wait > whole / 2.0 - 0.4, "{waits:?}");
    }
}

#[tokio::test]
async fn the_reaper_waits_one_lease_after_a_start_and_after_a_gap() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("grace", 1)).await;
    worker.claim().await.unwrap();
    let mut intervals = server.app().intervals;
    intervals.reaper = std::time::Duration::from_secs(15);
    let mut reaper = LeaseReaper::new(intervals);
    // The lease ran out long ago, while the server was away.
    server.pass(3600).await;
    for _ in 0..4 {
        assert_eq!(reaper.tick(server.app()).await.unwrap(), 0);
        server.pass(14).await;
    }
    assert_eq!(
        reaper.tick(server.app()).await.unwrap(),
        0,
        "56 s after the start"
    );
    server.pass(14).await;
    assert_eq!(
        reaper.tick(server.app()).await.unwrap(),
        1,
        "70 s after the start"
    );
    server.pass(10).await;
    worker.claim().await.unwrap();
    // The machine slept: no tick for an hour, and no heartbeat either.
    server.pass(3600).await;
    assert_eq!(reaper.tick(server.app()).await.unwrap(), 0, "a gap");
    server.pass(14).await;
    assert_eq!(reaper.tick(server.app()).await.unwrap(), 0);
}

#[tokio::test]
async fn two_reapers_at_once_expire_each_lease_once() {
    let server = Server::start().await;
    let mut workers = vec![Worker::new(&server, "host").await];
    server.submit(&bundle("many", 20)).await;
    for _ in 1..20 {
        workers.push(Worker::new(&server, "host").await);
    }
    for worker in &workers {
        worker.claim().await.unwrap();
    }
    server.pass(61).await;
    let reapers = futures::future::join_all((0..6).map(|_| expire(server.app()))).await;
    let expired: usize = reapers
        .iter()
        .map(|expired| expired.as_ref().unwrap().len())
        .sum();
    assert_eq!(expired, 20);
    let counted = db::counters::read(server.db(), db::counters::LEASES_EXPIRED).await;
    assert_eq!(counted.unwrap(), 20);
    assert!(
        expire(server.app()).await.unwrap().is_empty(),
        "twice is once"
    );
}

#[tokio::test]
async fn a_silent_worker_is_marked_and_a_heartbeat_unmarks_it() {
    let server = Server::start().await;
    assert_eq!(
        mark_workers_gone(server.app()).await.unwrap(),
        0,
        "nobody is there"
    );
    let worker = Worker::new(&server, "here").await;
    let listed = async || -> Vec<WorkerView> { server.get("/api/v1/workers").await.json() };
    assert_eq!(listed().await.len(), 1);
    server.pass(61).await;
    assert!(!listed().await[0].live);
    assert_eq!(mark_workers_gone(server.app()).await.unwrap(), 1);
    assert_eq!(mark_workers_gone(server.app()).await.unwrap(), 0);
    assert!(listed().await.is_empty());
    worker.beat(&[]).await;
    assert!(listed().await[0].live);
}
