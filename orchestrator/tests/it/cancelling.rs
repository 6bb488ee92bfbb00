//! Cancelling: at once where nobody works, by request where somebody does.

use mrprism_orchestrator::reconcile::expire;
use mrprism_protocol::state::{AttemptOutcome, Command, ExperimentState, JobState};
use mrprism_protocol::wire::{ExperimentView, RunView};

use crate::support::{Server, Worker, bundle};

async fn cancel(server: &Server, experiment: &str) -> ExperimentView {
    server
        .post(&format!("/api/v1/experiments/{experiment}/cancel"), &())
        .await
        .json()
}

#[tokio::test]
async fn waiting_runs_are_cancelled_at_once() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("waits", 2)).await;
    let run = server.runs("waits").await[1].id;
    let view: RunView = server
        .post(&format!("/api/v1/runs/{run}/cancel"), &())
        .await
        .json();
    assert_eq!(view.state, JobState::Cancelled);
    assert_eq!(server.runs("waits").await[0].state, JobState::Queued);
    let view = cancel(&server, "waits").await;
    assert_eq!(view.state, ExperimentState::Cancelled);
    assert_eq!(view.runs, [(JobState::Cancelled, 2)].into());
    assert_eq!(worker.claim().await, None);
    assert_eq!(cancel(&server, "waits").await, view, "twice is once");
}

#[tokio::test]
async fn a_running_job_is_cancelled_through_its_next_heartbeat() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("runs", 1)).await;
    let claim = worker.claim().await.unwrap();
    assert_eq!(worker.command(&claim).await, Command::Continue);
    assert_eq!(cancel(&server, "runs").await.state, ExperimentState::Active);
    assert_eq!(worker.command(&claim).await, Command::Cancel);
    worker.finish(&claim, AttemptOutcome::Cancelled).await;
    let view: ExperimentView = server.get("/api/v1/experiments/runs").await.json();
    assert_eq!(view.state, ExperimentState::Cancelled);
}

#[tokio::test]
async fn a_cancelled_job_whose_worker_goes_silent_is_not_tried_again() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("silent", 1)).await;
    worker.claim().await.unwrap();
    cancel(&server, "silent").await;
    server.pass(61).await;
    expire(server.app()).await.unwrap();
    assert_eq!(server.runs("silent").await[0].state, JobState::Cancelled);
}

#[tokio::test]
async fn what_has_ended_stays_what_it_is() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("done", 1)).await;
    let claim = worker.claim().await.unwrap();
    worker.finish(&claim, AttemptOutcome::Succeeded).await;
    let view = cancel(&server, "done").await;
    assert_eq!(view.state, ExperimentState::Finished);
    let run = claim.run;
    let view: RunView = server
        .post(&format!("/api/v1/runs/{run}/cancel"), &())
        .await
        .json();
    assert_eq!(view.state, JobState::Succeeded);
}

/// Cancelling and claiming at once: a run is either cancelled or its holder is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cancelling_and_claiming_at_once_leave_nothing_half_done() {
    let server = Server::start().await;
    let mut workers = vec![Worker::new(&server, "host").await];
    server.submit(&bundle("race", 40)).await;
    for _ in 1..20 {
        workers.push(Worker::new(&server, "host").await);
    }
    let claims = futures::future::join_all(workers.iter().map(Worker::claim));
    let (claims, _) = tokio::join!(claims, cancel(&server, "race"));
    let mut held = 0;
    for (worker, claim) in workers.iter().zip(&claims) {
        if let Some(claim) = claim {
            held += 1;
            // One that was claimed after the cancellation would be told to go on.
            assert_eq!(worker.command(claim).await, Command::Cancel);
        }
    }
    let view: ExperimentView = server.get("/api/v1/experiments/race").await.json();
    let count = |state| view.runs.get(&state).copied().unwrap_or(0);
    assert_eq!(
        (count(JobState::Leased), count(JobState::Cancelled)),
        (held, 40 - held)
    );
}
