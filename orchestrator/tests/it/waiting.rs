//! What an experiment's `[queue]` table and its changes make of waiting runs.

use mrprism_orchestrator::reconcile::{deadlines, end_hung};
use mrprism_protocol::id::RunId;
use mrprism_protocol::spec::{Bundle, QueueFile};
use mrprism_protocol::state::{AttemptOutcome, Command, JobState};
use mrprism_protocol::wire::{EventBody, Place, QueuedJob};
use reqwest::{Method, StatusCode};

use crate::support::{Server, Worker, bundle, bundle_on, introduction, phantom};

fn waits(name: &str, seeds: u64, table: &str) -> Bundle {
    bundle_on("phantom", name, seeds, &format!("[queue]\n{table}\n"))
}

async fn with_labels<'a>(server: &'a Server, host: &str, labels: &[&str]) -> Worker<'a> {
    let mut register = introduction(host, vec![phantom("phantom", "m1")], 1);
    register.labels = labels.iter().map(|label| (*label).to_owned()).collect();
    Worker::with(server, register).await
}

async fn change(server: &Server, name: &str, change: impl FnOnce(&mut QueueFile)) {
    let path = format!("/api/v1/experiments/{name}/queue");
    let mut queue: QueueFile = server.get(&path).await.json();
    change(&mut queue);
    let answer = server.call(Method::PUT, &path, Some(&queue)).await;
    assert_eq!(answer.json::<QueueFile>(), queue);
}

async fn order(server: &Server) -> Vec<RunId> {
    let queue: Vec<QueuedJob> = server.get("/api/v1/queue").await.json();
    queue.into_iter().map(|job| job.run).collect()
}

#[tokio::test]
async fn a_job_goes_only_where_all_its_labels_are() {
    let server = Server::start().await;
    let plain = Worker::new(&server, "plain").await;
    let labelled = with_labels(&server, "labelled", &["a100", "fast"]).await;
    server
        .submit(&waits("picky", 1, "labels = [\"fast\"]"))
        .await;
    assert_eq!(plain.claim().await, None);
    assert!(labelled.claim().await.is_some());
}

#[tokio::test]
async fn no_more_runs_are_at_work_than_their_experiment_allows_however_many_claim_at_once() {
    let server = Server::start().await;
    let mut workers = Vec::new();
    for number in 0..6 {
        workers.push(Worker::new(&server, &format!("host{number}")).await);
    }
    server
        .submit(&waits("two-at-a-time", 6, "max_parallel = 2"))
        .await;
    // A claim may find another under way and come back with nothing: each asks a few times.
    let claim = async |worker: &Worker<'_>| {
        for _ in 0..10 {
            if let Some(claim) = worker.claim().await {
                return Some(claim);
            }
        }
        None
    };
    let claims = futures::future::join_all(workers.iter().map(claim)).await;
    let held: Vec<_> = workers
        .iter()
        .zip(&claims)
        .filter_map(|(w, c)| Some((w, c.as_ref()?)))
        .collect();
    assert_eq!(held.len(), 2);
    // Runs of another experiment behind it are not held up.
    server.submit(&bundle("behind", 1)).await;
    let free = workers
        .iter()
        .zip(&claims)
        .find(|(_, claim)| claim.is_none())
        .unwrap()
        .0;
    assert_eq!(free.claim().await.unwrap().experiment_name, "behind");
    let (worker, first) = held[0];
    worker.finish(first, AttemptOutcome::Succeeded).await;
    assert_eq!(
        worker.claim().await.unwrap().experiment_name,
        "two-at-a-time"
    );
    change(&server, "two-at-a-time", |queue| queue.max_parallel = None).await;
    let rest = workers.iter().map(claim);
    let more = futures::future::join_all(rest).await;
    assert_eq!(
        more.iter().flatten().count(),
        3,
        "five of six devices were free of it"
    );
}

#[tokio::test]
async fn a_runs_own_error_is_tried_again_as_often_as_asked() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&waits("clumsy", 1, "retries = 1")).await;
    for expected in [JobState::Queued, JobState::Failed] {
        server.pass(60).await;
        let claim = worker.claim().await.unwrap();
        worker.finish(&claim, AttemptOutcome::Failed).await;
        assert_eq!(server.runs("clumsy").await[0].state, expected);
    }
}

#[tokio::test]
async fn what_has_not_ended_at_the_deadline_is_cancelled() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("late", 2)).await;
    let claim = worker.claim().await.unwrap();
    let now: chrono::DateTime<chrono::Utc> = sqlx::query_scalar("select mrprism_now()")
        .fetch_one(server.db())
        .await
        .unwrap();
    let deadline = now + chrono::TimeDelta::hours(1);
    change(&server, "late", |queue| queue.deadline = Some(deadline)).await;
    assert_eq!(deadlines(server.app()).await.unwrap(), 0);
    server.pass(3601).await;
    assert_eq!(deadlines(server.app()).await.unwrap(), 2);
    assert_eq!(deadlines(server.app()).await.unwrap(), 0, "twice is once");
    let runs = server.runs("late").await;
    assert_eq!(runs[1].state, JobState::Cancelled);
    assert!(runs[1].reason.as_ref().unwrap().contains("deadline"));
    assert_eq!(worker.command(&claim).await, Command::Cancel);
}

#[tokio::test]
async fn a_trainer_that_gets_no_further_loses_its_lease_though_its_worker_lives() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server
        .submit(&waits("stuck", 1, "progress_minutes = 10"))
        .await;
    let claim = worker.claim().await.unwrap();
    let step = |step| EventBody::Progress {
        step,
        epoch: 0,
        steps: 100,
        phase: "train".to_owned(),
    };
    let pass = async |seconds| {
        server.pass(seconds).await;
        worker.beat(&[&claim]).await;
    };
    pass(500).await;
    worker.report(&claim, 0, vec![step(1)]).await;
    pass(500).await;
    assert!(end_hung(server.app()).await.unwrap().is_empty());
    // The same step again is no progress.
    worker.report(&claim, 1, vec![step(1)]).await;
    pass(101).await;
    assert_eq!(end_hung(server.app()).await.unwrap().len(), 1);
    assert!(
        end_hung(server.app()).await.unwrap().is_empty(),
        "twice is once"
    );
    assert_eq!(worker.command(&claim).await, Command::Abandon);
    let run = &server.runs("stuck").await[0];
    assert_eq!(run.state, JobState::Queued);
    assert_eq!(
        run.attempts[0].outcome,
        Some(AttemptOutcome::Infrastructure)
    );
    assert!(
        run.attempts[0]
            .message
            .as_ref()
            .unwrap()
            .contains("10 minutes")
    );
}

#[tokio::test]
async fn priority_and_pool_may_be_changed_while_runs_wait() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("first", 1)).await;
    server.submit(&bundle("second", 1)).await;
    change(&server, "second", |queue| queue.priority = 1).await;
    assert_eq!(worker.claim().await.unwrap().experiment_name, "second");
    change(&server, "first", |queue| {
        "elsewhere".clone_into(&mut queue.pool);
    })
    .await;
    let free = Worker::new(&server, "free").await;
    assert_eq!(free.claim().await, None);
    let bad = QueueFile {
        max_parallel: Some(0),
        ..QueueFile::default()
    };
    let answer = server
        .call(Method::PUT, "/api/v1/experiments/first/queue", Some(&bad))
        .await;
    assert!(answer.problem(422).detail.contains("max_parallel"));
}

#[tokio::test]
async fn a_waiting_run_may_be_moved_to_the_front_the_back_or_before_another() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("many", 5)).await;
    let runs: Vec<_> = server.runs("many").await.iter().map(|run| run.id).collect();
    let put = async |run: usize, place| {
        let path = format!("/api/v1/runs/{}/move", runs[run]);
        server.post(&path, &place).await
    };
    let now = async || {
        let order = order(&server).await;
        let at = |run| runs.iter().position(|other| *other == run).unwrap();
        order.into_iter().map(at).collect::<Vec<_>>()
    };
    assert_eq!(now().await, [0, 1, 2, 3, 4]);
    let moves = [
        (3, Place::Front, [3, 0, 1, 2, 4]),
        (3, Place::Front, [3, 0, 1, 2, 4]),
        (0, Place::Back, [3, 1, 2, 4, 0]),
        (4, Place::Before(runs[2]), [3, 1, 4, 2, 0]),
        (0, Place::Before(runs[3]), [0, 3, 1, 4, 2]),
        (1, Place::Before(runs[2]), [0, 3, 4, 1, 2]),
    ];
    for (run, place, expected) in moves {
        assert_eq!(put(run, place).await.status, StatusCode::NO_CONTENT);
        assert_eq!(now().await, expected, "{run} {place:?}");
    }
    assert_eq!(worker.claim().await.unwrap().run, runs[0]);
    put(0, Place::Front).await.problem(409);
    put(1, Place::Before(runs[0])).await.problem(409);
}
