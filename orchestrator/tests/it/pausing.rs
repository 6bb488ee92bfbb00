//! Pausing, draining, resuming: at once where nobody works, by a checkpoint where somebody does.

use mrprism_orchestrator::reconcile::expire;
use mrprism_protocol::state::{Asked, AttemptOutcome, Command, JobState};
use mrprism_protocol::wire::{ExperimentView, RunView};
use reqwest::StatusCode;

use crate::support::{Server, Worker, bundle};

async fn wish(server: &Server, what: &str) -> ExperimentView {
    server
        .post(&format!("/api/v1/experiments/{what}"), &())
        .await
        .json()
}

#[tokio::test]
async fn a_paused_experiment_begins_nothing_and_its_running_job_comes_back_at_a_checkpoint() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    let other = Worker::new(&server, "there").await;
    server.submit(&bundle("long", 2)).await;
    let claim = worker.claim().await.unwrap();
    let view = wish(&server, "long/pause").await;
    assert!(view.paused);
    assert_eq!(
        view.runs,
        [(JobState::Leased, 1), (JobState::Paused, 1)].into()
    );
    assert_eq!(wish(&server, "long/pause").await, view, "twice is once");
    assert_eq!(other.claim().await, None);
    assert_eq!(server.runs("long").await[0].asked, Some(Asked::Pause));
    assert_eq!(worker.command(&claim).await, Command::Yield);
    worker.finish(&claim, AttemptOutcome::Yielded).await;
    assert_eq!(other.claim().await, None);
    let view = wish(&server, "long/resume").await;
    assert_eq!(
        (view.paused, view.runs),
        (false, [(JobState::Queued, 2)].into())
    );
    let again = other.claim().await.unwrap();
    assert_eq!(
        (again.job, again.attempt_number),
        (claim.job, 2),
        "it kept its place"
    );
}

#[tokio::test]
async fn a_pause_that_is_taken_back_in_time_is_no_pause() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("brief", 1)).await;
    let claim = worker.claim().await.unwrap();
    wish(&server, "brief/pause").await;
    wish(&server, "brief/resume").await;
    assert_eq!(worker.command(&claim).await, Command::Continue);
    // The worker had heard of it already: what it gives back waits for nobody.
    worker.finish(&claim, AttemptOutcome::Yielded).await;
    assert!(worker.claim().await.is_some());
}

#[tokio::test]
async fn a_paused_job_whose_worker_goes_silent_waits_for_a_person() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("silent", 1)).await;
    worker.claim().await.unwrap();
    wish(&server, "silent/pause").await;
    server.pass(61).await;
    expire(server.app()).await.unwrap();
    server.pass(60).await;
    assert_eq!(server.runs("silent").await[0].state, JobState::Paused);
    assert_eq!(worker.claim().await, None);
}

#[tokio::test]
async fn a_drained_experiment_ends_what_is_at_work_and_begins_nothing() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("drains", 2)).await;
    let claim = worker.claim().await.unwrap();
    wish(&server, "drains/drain").await;
    assert_eq!(worker.command(&claim).await, Command::Continue);
    worker.finish(&claim, AttemptOutcome::Succeeded).await;
    assert_eq!(worker.claim().await, None);
    wish(&server, "drains/resume").await;
    assert!(worker.claim().await.is_some());
}

#[tokio::test]
async fn one_run_is_paused_and_resumed_alone() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("two", 2)).await;
    let runs = server.runs("two").await;
    let path = |verb| format!("/api/v1/runs/{}/{verb}", runs[0].id);
    let view: RunView = server.post(&path("pause"), &()).await.json();
    assert_eq!(view.state, JobState::Paused);
    assert_eq!(worker.claim().await.unwrap().run, runs[1].id);
    let view: RunView = server.post(&path("resume"), &()).await.json();
    assert_eq!(view.state, JobState::Queued);
    let view: RunView = server.post(&path("cancel"), &()).await.json();
    assert_eq!(view.state, JobState::Cancelled);
    assert_eq!(view.reason.as_deref(), Some("A person cancelled it."));
}

#[tokio::test]
async fn a_draining_worker_gets_nothing_more_and_keeps_what_it_has() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("busy", 2)).await;
    let claim = worker.claim().await.unwrap();
    let path = |verb| format!("/api/v1/workers/{}/{verb}", worker.id);
    let answer = server.post(&path("drain"), &()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let reply = worker.beat(&[&claim]).await;
    assert!(reply.drain);
    assert_eq!(reply.leases[0].command, Command::Continue);
    worker.finish(&claim, AttemptOutcome::Succeeded).await;
    assert_eq!(worker.claim().await, None);
    server.post(&path("undrain"), &()).await;
    assert!(worker.claim().await.is_some());
    let nobody = server.post("/api/v1/workers/nobody/drain", &()).await;
    nobody.problem(404);
}
