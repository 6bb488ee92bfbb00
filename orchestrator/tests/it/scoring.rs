//! Scoring again: who is queued, who may take it, what it changes and what it leaves alone.

use mrprism_protocol::spec::{Output, Reference, ReferenceFamily};
use mrprism_protocol::state::{AttemptOutcome, JobKind, JobState};
use mrprism_protocol::wire::{
    EventBody, ExperimentView, RunView, Score, ScoreQueued, ScoreRequest, Table, TestCase,
};
use reqwest::StatusCode;

use crate::support::{Server, Worker, bundle};

const SCORE: &str = "/api/v1/experiments/again/score";

fn dice(case: &str, reference: Reference, value: f64) -> Score {
    Score {
        output: Output::Prediction,
        recurrence: Some(0),
        case: case.to_owned(),
        structure: "disc".to_owned(),
        reference,
        metric: "soft_dice@1".to_owned(),
        value,
    }
}

fn staple() -> ScoreRequest {
    ScoreRequest {
        references: vec![ReferenceFamily::Staple],
        ..ScoreRequest::default()
    }
}

/// An experiment of two runs, of which the first has succeeded with one score.
async fn half_done(server: &Server) -> Worker<'_> {
    let worker = Worker::new(server, "here").await;
    server.submit(&bundle("again", 2)).await;
    let claim = worker.claim().await.unwrap();
    let scores = vec![dice("a", Reference::Mean, 0.5)];
    worker
        .report(&claim, 0, vec![EventBody::Scores { scores }])
        .await;
    worker.finish(&claim, AttemptOutcome::Succeeded).await;
    worker
}

async fn queue(server: &Server, request: &ScoreRequest) -> ScoreQueued {
    server.post(SCORE, request).await.json()
}

async fn runs(server: &Server) -> Vec<RunView> {
    server.get("/api/v1/experiments/again/runs").await.json()
}

#[tokio::test]
async fn what_has_succeeded_is_queued_once_and_nothing_else() {
    let server = Server::start().await;
    let worker = half_done(&server).await;
    let first = queue(&server, &staple()).await;
    assert_eq!(
        (first.jobs.len(), first.without_result, first.under_way),
        (1, 1, 0)
    );
    let second = queue(&server, &staple()).await;
    assert_eq!(
        (second.jobs.len(), second.without_result, second.under_way),
        (0, 1, 1)
    );
    // The run that has not trained is ahead of it in the queue.
    let training = worker.claim().await.unwrap();
    assert_eq!(training.kind, JobKind::Train);
    worker.finish(&training, AttemptOutcome::Failed).await;
    let scoring = worker.claim().await.unwrap();
    assert_eq!((scoring.kind, scoring.job), (JobKind::Score, first.jobs[0]));
    assert_eq!(
        scoring.spec.evaluation.references,
        [ReferenceFamily::Staple]
    );
    assert!(!scoring.spec.evaluation.metrics.is_empty(), "the run's own");
}

#[tokio::test]
async fn a_scoring_adds_scores_and_leaves_the_run_what_it_was() {
    let server = Server::start().await;
    let worker = half_done(&server).await;
    let training = worker.claim().await.unwrap();
    worker.finish(&training, AttemptOutcome::Succeeded).await;
    let before = runs(&server).await;
    let table = async || -> Table { server.get("/api/v1/experiments/again/table").await.json() };
    let columns = table().await.columns.len();
    queue(&server, &staple()).await;
    let scoring = worker.claim().await.unwrap();
    assert_eq!(scoring.kind, JobKind::Score);
    let waiting: ExperimentView = server.get("/api/v1/experiments/again").await.json();
    assert_eq!(
        waiting.runs.get(&JobState::Succeeded),
        Some(&2),
        "its runs have succeeded"
    );
    let cases = vec![TestCase {
        case: "a".to_owned(),
        patient: "p".to_owned(),
    }];
    let scores = vec![
        dice("a", Reference::Staple, 0.25),
        dice("a", Reference::Mean, 0.5),
    ];
    let progress = EventBody::Progress {
        phase: "score".to_owned(),
        step: 1,
        epoch: 0,
        steps: 1,
    };
    let events = vec![
        EventBody::TestCases {
            cases: cases.clone(),
        },
        EventBody::Scores { scores },
        progress,
        EventBody::TestCases { cases },
    ];
    worker.report(&scoring, 0, events).await;
    assert_eq!(
        table().await.columns.len(),
        columns + 1,
        "what was kept is made again"
    );
    worker.finish(&scoring, AttemptOutcome::Succeeded).await;
    let after = runs(&server).await;
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(after.weights_hash, before.weights_hash);
        assert_eq!(after.state, JobState::Succeeded);
        assert_eq!(
            (after.phase.as_ref(), after.step),
            (before.phase.as_ref(), before.step)
        );
    }
    let known: Vec<(String, String)> = sqlx::query_as("select case_name, patient from run_cases")
        .fetch_all(server.db())
        .await
        .unwrap();
    assert_eq!(known, [("a".to_owned(), "p".to_owned())]);
}

#[tokio::test]
async fn a_scoring_may_wait_for_its_training_and_ends_with_it() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("again", 2)).await;
    let wanted = ScoreRequest {
        when_trained: true,
        ..staple()
    };
    let queued = queue(&server, &wanted).await;
    assert_eq!((queued.jobs.len(), queued.without_result), (2, 0));
    let again = queue(&server, &wanted).await;
    assert_eq!(
        (again.jobs.len(), again.under_way),
        (0, 2),
        "once is enough"
    );

    let first = worker.claim().await.unwrap();
    assert_eq!(first.kind, JobKind::Train);
    worker.finish(&first, AttemptOutcome::Succeeded).await;
    // Queued together, they are served together: the scoring stands where it was put, behind both trainings.
    let second = worker.claim().await.unwrap();
    assert_eq!(second.kind, JobKind::Train);
    worker.finish(&second, AttemptOutcome::Failed).await;
    let scoring = worker.claim().await.unwrap();
    assert_eq!((scoring.kind, scoring.run), (JobKind::Score, first.run));
    assert_eq!(
        scoring.spec.evaluation.references,
        [ReferenceFamily::Staple]
    );
    worker.finish(&scoring, AttemptOutcome::Succeeded).await;
    assert_eq!(worker.claim().await, None);
    let reason: String =
        sqlx::query_scalar("select reason from jobs where kind = 'score' and state = 'cancelled'")
            .fetch_one(server.db())
            .await
            .unwrap();
    assert_eq!(reason, "It waited for a run that was not trained.");
    let never = queue(&server, &wanted).await;
    assert_eq!((never.jobs.len(), never.without_result), (1, 1));
}

#[tokio::test]
async fn a_scoring_is_for_any_science_version() {
    let server = Server::start().await;
    let worker = half_done(&server).await;
    let training = worker.claim().await.unwrap();
    worker.finish(&training, AttemptOutcome::Succeeded).await;
    queue(&server, &ScoreRequest::default()).await;
    sqlx::query("update workers set science_version = 's2'")
        .execute(server.db())
        .await
        .unwrap();
    let scoring = worker.claim().await.unwrap();
    assert_eq!(scoring.kind, JobKind::Score);
}

#[tokio::test]
async fn what_is_named_twice_or_unknown_is_refused() {
    let server = Server::start().await;
    half_done(&server).await;
    let doubled = ScoreRequest {
        references: vec![ReferenceFamily::Mean, ReferenceFamily::Mean],
        ..ScoreRequest::default()
    };
    let answer = server.post(SCORE, &doubled).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.text.contains("'mean' is named twice"),
        "{}",
        answer.text
    );
    let answer = server
        .post(SCORE, &serde_json::json!({"references": ["meen"]}))
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer = server
        .post(
            "/api/v1/experiments/nothing/score",
            &ScoreRequest::default(),
        )
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
