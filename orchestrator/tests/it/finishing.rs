//! The end of an attempt, and what becomes of its job.

use mrprism_protocol::state::{AttemptOutcome, ExperimentState, JobState};
use mrprism_protocol::wire::{ExperimentView, Finish};

use crate::support::{Server, Worker, bundle};

#[tokio::test]
async fn success_ends_the_job_and_keeps_its_weights_hash() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("good", 1)).await;
    let claim = worker.claim().await.unwrap();
    assert_eq!(
        worker
            .finish(&claim, AttemptOutcome::Succeeded)
            .await
            .status
            .as_u16(),
        204
    );
    let run = &server.runs("good").await[0];
    assert_eq!(
        (run.state, run.weights_hash.as_deref()),
        (JobState::Succeeded, Some("w1"))
    );
    let experiment: ExperimentView = server.get("/api/v1/experiments/good").await.json();
    assert_eq!(experiment.state, ExperimentState::Finished);
    assert_eq!(
        worker.claim().await,
        None,
        "what has succeeded is not repeated"
    );
}

#[tokio::test]
async fn finishing_twice_is_finishing_once() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("twice", 1)).await;
    let claim = worker.claim().await.unwrap();
    let endings = (0..6).map(|_| worker.finish(&claim, AttemptOutcome::Yielded));
    for ended in futures::future::join_all(endings).await {
        assert_eq!(ended.status.as_u16(), 204, "{}", ended.text);
    }
    worker
        .finish(&claim, AttemptOutcome::Succeeded)
        .await
        .lease_lost();
    let run = &server.runs("twice").await[0];
    assert_eq!(run.state, JobState::Queued);
    assert_eq!(run.attempts[0].outcome, Some(AttemptOutcome::Yielded));
}

#[tokio::test]
async fn the_trainers_own_error_fails_the_job_at_once() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("bad", 1)).await;
    let claim = worker.claim().await.unwrap();
    worker.finish(&claim, AttemptOutcome::Failed).await;
    let run = &server.runs("bad").await[0];
    assert_eq!(run.state, JobState::Failed);
    assert_eq!(run.attempts[0].message.as_deref(), Some("said failed"));
    let experiment: ExperimentView = server.get("/api/v1/experiments/bad").await.json();
    assert_eq!(experiment.state, ExperimentState::Failed);
}

#[tokio::test]
async fn out_of_memory_is_tried_once_more() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("large", 1)).await;
    for expected in [JobState::Queued, JobState::Failed] {
        let claim = worker.claim().await.unwrap();
        worker.finish(&claim, AttemptOutcome::OutOfMemory).await;
        assert_eq!(server.runs("large").await[0].state, expected);
        server.pass(600).await;
    }
}

#[tokio::test]
async fn a_yielded_job_may_be_claimed_at_once_and_keeps_its_place() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("yields", 2)).await;
    for _ in 0..10 {
        let claim = worker.claim().await.unwrap();
        assert_eq!(claim.seed.0, 0, "it stays before the younger one");
        worker.finish(&claim, AttemptOutcome::Yielded).await;
    }
}

#[tokio::test]
async fn lost_is_the_servers_word() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("lost", 1)).await;
    let claim = worker.claim().await.unwrap();
    worker
        .finish(&claim, AttemptOutcome::Lost)
        .await
        .problem(422);
    let nonsense = Finish {
        job: claim.job,
        fence: claim.fence,
        outcome: AttemptOutcome::Failed,
        message: None,
        weights_hash: None,
        train_seconds: Some(-1.0),
    };
    server
        .post("/api/v1/worker/finish", &nonsense)
        .await
        .problem(422);
    assert_eq!(server.runs("lost").await[0].state, JobState::Leased);
}
