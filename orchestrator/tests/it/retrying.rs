//! Trying again: a new job of the same run, from its checkpoint, once.

use mrprism_protocol::state::{AttemptOutcome, ExperimentState, JobState};
use mrprism_protocol::wire::{Retried, RetryRequest, RunView};

use crate::support::{Answer, Server, Worker, bundle};

async fn retry(server: &Server, name: &str, request: &RetryRequest) -> Retried {
    let answer = server
        .post(&format!("/api/v1/experiments/{name}/retry"), request)
        .await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    answer.json()
}

async fn retry_run(server: &Server, run: impl std::fmt::Display, request: &RetryRequest) -> Answer {
    server
        .post(&format!("/api/v1/runs/{run}/retry"), request)
        .await
}

/// A run that failed with a checkpoint stored.
async fn failed_with_checkpoint(worker: &Worker<'_>) -> mrprism_protocol::wire::Claim {
    let claim = worker.claim().await.unwrap();
    let stored = worker
        .upload(&claim, "checkpoint/latest.safetensors", "", "state")
        .await;
    assert!(stored.status.is_success(), "{}", stored.text);
    worker.finish(&claim, AttemptOutcome::Failed).await;
    claim
}

#[tokio::test]
async fn failed_runs_go_on_from_their_checkpoint_and_others_stay() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("again", 3)).await;
    let failed = failed_with_checkpoint(&worker).await;
    let done = worker.claim().await.unwrap();
    worker.finish(&done, AttemptOutcome::Succeeded).await;
    let retried = retry(&server, "again", &RetryRequest::default()).await;
    assert_eq!(
        (retried.runs, retried.from_checkpoint),
        (vec![failed.run], 1)
    );
    assert_eq!(
        retried.experiment.runs,
        [(JobState::Queued, 2), (JobState::Succeeded, 1)].into()
    );
    let mut claims = vec![worker.claim().await.unwrap()];
    worker.finish(&claims[0], AttemptOutcome::Succeeded).await;
    claims.push(worker.claim().await.unwrap());
    let again = claims.iter().find(|claim| claim.run == failed.run).unwrap();
    assert_ne!(again.job, failed.job, "terminal rows are final");
    assert_eq!(again.attempt_number, 2);
    assert_eq!(
        again.checkpoint.as_ref().unwrap().name,
        "latest.safetensors"
    );
    let nothing = retry(&server, "again", &RetryRequest::default()).await;
    assert!(nothing.runs.is_empty());
}

#[tokio::test]
async fn from_scratch_forgets_checkpoints() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("anew", 1)).await;
    failed_with_checkpoint(&worker).await;
    let request = RetryRequest {
        from_scratch: true,
        ..RetryRequest::default()
    };
    assert_eq!(retry(&server, "anew", &request).await.from_checkpoint, 0);
    assert_eq!(worker.claim().await.unwrap().checkpoint, None);
}

#[tokio::test]
async fn cancelled_runs_are_tried_again_when_that_is_asked_for() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    server.submit(&bundle("ended", 2)).await;
    server.post("/api/v1/experiments/ended/cancel", &()).await;
    let kept = retry(&server, "ended", &RetryRequest::default()).await;
    assert!(kept.runs.is_empty());
    assert_eq!(kept.experiment.state, ExperimentState::Cancelled);
    let request = RetryRequest {
        states: vec![JobState::Cancelled],
        from_scratch: false,
    };
    let back = retry(&server, "ended", &request).await;
    assert_eq!(
        (back.runs.len(), back.experiment.state),
        (2, ExperimentState::Active)
    );
    assert_eq!(
        server
            .count("select count(*) from experiments where cancelled_at is null")
            .await,
        1
    );
}

#[tokio::test]
async fn one_run_is_tried_again_unless_it_has_succeeded() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("one", 2)).await;
    let done = worker.claim().await.unwrap();
    worker.finish(&done, AttemptOutcome::Succeeded).await;
    let request = RetryRequest::default();
    let problem = retry_run(&server, done.run, &request).await.problem(409);
    assert_eq!(problem.kind, "mrprism:has-succeeded");
    let failed = worker.claim().await.unwrap();
    worker.finish(&failed, AttemptOutcome::Failed).await;
    for _ in 0..2 {
        let view: RunView = retry_run(&server, failed.run, &request).await.json();
        assert_eq!(view.state, JobState::Queued);
    }
    assert_eq!(server.count("select count(*) from jobs").await, 3);
    retry_run(&server, "x", &request).await.problem(404);
}

#[tokio::test]
async fn a_run_that_works_or_has_succeeded_is_no_state_to_retry() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    server.submit(&bundle("states", 1)).await;
    for state in ["queued", "leased", "succeeded"] {
        let request = serde_json::json!({ "states": [state] });
        server
            .post("/api/v1/experiments/states/retry", &request)
            .await
            .problem(422);
    }
}

#[tokio::test]
async fn a_run_of_another_science_version_is_left() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("old", 1)).await;
    let claim = worker.claim().await.unwrap();
    worker.finish(&claim, AttemptOutcome::Failed).await;
    for statement in [
        "alter table runs disable trigger runs_specification_immutable",
        "update runs set science_version = 's0'",
    ] {
        sqlx::query(statement).execute(server.db()).await.unwrap();
    }
    let request = RetryRequest::default();
    let left = retry(&server, "old", &request).await;
    assert_eq!((left.runs.len(), left.other_science), (0, 1));
    let problem = retry_run(&server, claim.run, &request).await.problem(409);
    assert_eq!(problem.kind, "mrprism:other-science");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn retrying_at_once_makes_one_job() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("race", 1)).await;
    let claim = worker.claim().await.unwrap();
    worker.finish(&claim, AttemptOutcome::Failed).await;
    let request = RetryRequest::default();
    let whole = futures::future::join_all((0..6).map(|_| retry(&server, "race", &request)));
    let single = futures::future::join_all((0..6).map(|_| retry_run(&server, claim.run, &request)));
    let (whole, single) = tokio::join!(whole, single);
    assert!(single.iter().all(|answer| answer.status.is_success()));
    assert!(
        whole
            .iter()
            .filter(|retried| !retried.runs.is_empty())
            .count()
            <= 1
    );
    assert_eq!(server.count("select count(*) from jobs").await, 2);
}
