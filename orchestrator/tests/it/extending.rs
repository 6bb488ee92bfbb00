//! Extending: only what is missing is added, whatever was there stays, and the table is that of one submitted whole.

use mrprism_protocol::spec::{Bundle, Output, Reference};
use mrprism_protocol::state::{AttemptOutcome, ExperimentState, JobState};
use mrprism_protocol::wire::{Definition, EventBody, Extended, Score, Table};

use crate::support::{Server, Worker, bundle, bundle_on, phantom};

const ARMS: &str =
    "[[arm]]\nname = \"b\"\nset = { \"network.recurrences\" = 1 }\n[[arm]]\nname = \"a\"\n";

async fn extend(server: &Server, name: &str, bundle: &Bundle) -> Extended {
    let answer = server
        .post(&format!("/api/v1/experiments/{name}/extend"), bundle)
        .await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn only_missing_cells_are_added_and_twice_is_once() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle_on("phantom", "grows", 1, ARMS)).await;
    let claim = worker.claim().await.unwrap();
    worker.finish(&claim, AttemptOutcome::Succeeded).await;
    let before = server.runs("grows").await;
    let wider = bundle_on("phantom", "grows", 2, ARMS);
    let extended = extend(&server, "grows", &wider).await;
    assert_eq!(
        (extended.added, extended.there, extended.unnamed),
        (2, 2, 0)
    );
    assert!(extended.redefined);
    assert_eq!(
        extended.experiment.runs,
        [(JobState::Queued, 3), (JobState::Succeeded, 1)].into()
    );
    let after = server.runs("grows").await;
    assert_eq!(after[..2], before[..], "what was there stays as it was");
    let added: Vec<_> = after[2..]
        .iter()
        .map(|run| (run.arm.as_str(), run.seed.0))
        .collect();
    assert_eq!(added, [("b", 1), ("a", 1)]);
    let again = extend(&server, "grows", &wider).await;
    assert_eq!((again.added, again.there, again.redefined), (0, 4, false));
    let definition: Definition = server
        .get("/api/v1/experiments/grows/definition")
        .await
        .json();
    assert_eq!((definition.bundle, definition.earlier.len()), (wider, 1));
    assert_ne!(definition.hash, definition.earlier[0].hash);
    assert_eq!(server.count("select count(*) from jobs").await, 4);
}

#[tokio::test]
async fn the_definition_that_it_has_adds_nothing_whatever_workers_hold_today() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    let same = bundle("same", 2);
    server.submit(&same).await;
    Worker::holding(&server, "there", vec![phantom("phantom", "m2")]).await;
    let extended = extend(&server, "same", &same).await;
    assert_eq!((extended.added, extended.there), (0, 2));
}

#[tokio::test]
async fn what_a_passed_deadline_would_cancel_at_once_is_refused() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    let past = "[queue]\ndeadline = \"2020-01-01T00:00:00Z\"\nretries = 0\n";
    let late = bundle_on("phantom", "late", 1, past);
    let refused = server.post("/api/v1/experiments", &late).await;
    assert_eq!(refused.problem(409).kind, "mrprism:deadline-passed");
    assert_eq!(server.count("select count(*) from experiments").await, 0);

    let soon = past.replace("2020", "2999");
    server.submit(&bundle_on("phantom", "late", 1, &soon)).await;
    let claim = worker.claim().await.unwrap();
    worker.finish(&claim, AttemptOutcome::Failed).await;
    server.pass(1000 * 366 * 24 * 3600).await;
    let more = bundle_on("phantom", "late", 2, &soon);
    for (path, body) in [
        ("extend", serde_json::to_value(&more).unwrap()),
        ("retry", serde_json::json!({ "states": ["failed"] })),
    ] {
        let path = format!("/api/v1/experiments/late/{path}");
        let problem = server.post(&path, &body).await.problem(409);
        assert!(problem.detail.contains("--no-deadline"), "{problem:?}");
    }
}

#[tokio::test]
async fn a_cell_that_differs_is_409_and_nothing_is_written() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    server.submit(&bundle("fixed", 1)).await;
    let other = bundle_on("phantom", "fixed", 2, "[base.train]\nlr = 0.5\n");
    let problem = server
        .post("/api/v1/experiments/fixed/extend", &other)
        .await
        .problem(409);
    assert_eq!(problem.kind, "mrprism:cell-differs");
    for word in ["arm 'fixed'", "seed 0", "train.lr"] {
        assert!(problem.detail.contains(word), "{word}: {problem:?}");
    }
    assert_eq!(server.count("select count(*) from runs").await, 1);
    assert_eq!(
        server.count("select count(*) from past_definitions").await,
        0
    );
}

#[tokio::test]
async fn runs_that_the_file_does_not_name_stay_and_are_counted() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    server.submit(&bundle("fewer", 3)).await;
    let extended = extend(&server, "fewer", &bundle("fewer", 1)).await;
    assert_eq!(
        (extended.added, extended.there, extended.unnamed),
        (0, 1, 2)
    );
    assert_eq!(server.runs("fewer").await.len(), 3);
}

#[tokio::test]
async fn a_renamed_arm_and_a_file_of_another_name_are_refused() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    server.submit(&bundle("named", 1)).await;
    let renamed = bundle_on("phantom", "named", 1, "[[arm]]\nname = \"new\"\n");
    let problem = server
        .post("/api/v1/experiments/named/extend", &renamed)
        .await
        .problem(422);
    assert!(
        problem.errors[0].message.contains("are the same run"),
        "{problem:?}"
    );
    server
        .post("/api/v1/experiments/named/extend", &bundle("other", 1))
        .await
        .problem(422);
    server
        .post("/api/v1/experiments/nothing/extend", &bundle("nothing", 1))
        .await
        .problem(404);
}

#[tokio::test]
async fn a_cancelled_experiment_is_active_again_only_if_something_was_added() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    server.submit(&bundle("back", 1)).await;
    server.post("/api/v1/experiments/back/cancel", &()).await;
    let same = extend(&server, "back", &bundle("back", 1)).await;
    assert_eq!(same.experiment.state, ExperimentState::Cancelled);
    assert_eq!(
        server
            .count("select count(*) from experiments where cancelled_at is null")
            .await,
        0
    );
    let more = extend(&server, "back", &bundle("back", 2)).await;
    assert_eq!(more.experiment.state, ExperimentState::Active);
    assert_eq!(
        server
            .count("select count(*) from experiments where cancelled_at is null")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn extending_at_once_adds_each_cell_once() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    server.submit(&bundle("race", 1)).await;
    let wider = bundle("race", 9);
    let calls = (0..8).map(|_| extend(&server, "race", &wider));
    let added: Vec<_> = futures::future::join_all(calls)
        .await
        .iter()
        .map(|extended| (extended.added, extended.redefined))
        .collect();
    assert_eq!(
        added.iter().filter(|done| **done == (8, true)).count(),
        1,
        "{added:?}"
    );
    assert_eq!(
        added.iter().filter(|done| **done == (0, false)).count(),
        7,
        "{added:?}"
    );
    assert_eq!(server.count("select count(*) from jobs").await, 9);
}

#[tokio::test]
async fn new_runs_wait_as_the_experiment_was_told_last() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    server.submit(&bundle("waits", 1)).await;
    server.post("/api/v1/experiments/waits/pause", &()).await;
    let queue = serde_json::json!({"pool": "big", "priority": 7});
    server
        .call(
            reqwest::Method::PUT,
            "/api/v1/experiments/waits/queue",
            Some(&queue),
        )
        .await;
    extend(&server, "waits", &bundle("waits", 2)).await;
    let like = "select count(*) from jobs where state = 'paused' and pool = 'big' and priority = 7";
    assert_eq!(server.count(like).await, 2);
    let mut told = bundle("waits", 2);
    told.experiment.text = told
        .experiment
        .text
        .replace("[base]", "[queue]\npriority = 3\n[base]");
    extend(&server, "waits", &told).await;
    let like = "select count(*) from jobs where pool = 'default' and priority = 3";
    assert_eq!(server.count(like).await, 2);
}

/// Works through every queued run; a run's scores depend on its arm and seed alone.
async fn work(worker: &Worker<'_>) {
    while let Some(claim) = worker.claim().await {
        let scores = ["x", "y", "z"].iter().zip(1..).map(|(case, place)| Score {
            output: Output::Prediction,
            recurrence: Some(0),
            case: (*case).to_owned(),
            structure: "disc".to_owned(),
            reference: Reference::Mean,
            metric: "soft_dice@1".to_owned(),
            value: 0.3
                + 0.1 / f64::from(place)
                + claim.seed.0 as f64 / 37.0
                + claim.arm.len() as f64 / 19.0,
        });
        let scores = scores.collect();
        worker
            .report(&claim, 0, vec![EventBody::Scores { scores }])
            .await;
        worker.finish(&claim, AttemptOutcome::Succeeded).await;
    }
}

#[tokio::test]
async fn the_table_is_that_of_one_submitted_whole() {
    const FIRST: &str = "[[arm]]\nname = \"zz\"\nset = { \"network.recurrences\" = 1 }\n";
    const WHOLE: &str = "[[arm]]\nname = \"new\"\nset = { \"network.recurrences\" = 2 }\n\
        [[arm]]\nname = \"zz\"\nset = { \"network.recurrences\" = 1 }\n";
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server
        .submit(&bundle_on("phantom", "grown", 2, FIRST))
        .await;
    work(&worker).await;
    let early: Table = server.get("/api/v1/experiments/grown/table").await.json();
    assert_eq!(early.rows.len(), 1);
    extend(&server, "grown", &bundle_on("phantom", "grown", 3, WHOLE)).await;
    work(&worker).await;
    let grown: Table = server.get("/api/v1/experiments/grown/table").await.json();

    let fresh = Server::start().await;
    let worker = Worker::new(&fresh, "here").await;
    fresh.submit(&bundle_on("phantom", "grown", 3, WHOLE)).await;
    work(&worker).await;
    let whole: Table = fresh.get("/api/v1/experiments/grown/table").await.json();
    assert_eq!(whole.rows[0].arm, "new");
    assert_eq!(grown, whole);
}
