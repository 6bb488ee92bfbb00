//! Submitting: whole or not at all, once or not again.

use mrprism_protocol::spec::Bundle;
use mrprism_protocol::state::{ExperimentState, JobState};
use mrprism_protocol::wire::{ExperimentView, RunView, StatusView};

use crate::support::{Server, Worker, bundle, bundle_on, phantom};

const TWO_ARMS: &str =
    "[[arm]]\nname = \"b\"\nset = { \"network.recurrences\" = 1 }\n[[arm]]\nname = \"a\"\n";

#[tokio::test]
async fn a_submission_is_written_with_all_its_runs_in_order() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    let view = server
        .submit(&bundle_on("phantom", "two-arms", 2, TWO_ARMS))
        .await;
    assert_eq!(view.state, ExperimentState::Active);
    assert_eq!(view.question, "Is it so?");
    assert_eq!(view.runs, [(JobState::Queued, 4)].into());
    let runs = server.runs("two-arms").await;
    let cells: Vec<_> = runs
        .iter()
        .map(|run| (run.arm.as_str(), run.seed.0))
        .collect();
    assert_eq!(cells, [("b", 0), ("b", 1), ("a", 0), ("a", 1)]);
    assert!(
        runs.iter()
            .all(|run| run.spec.is_none() && run.attempts.is_empty())
    );
    let one: RunView = server
        .get(&format!("/api/v1/runs/{}", runs[0].id))
        .await
        .json();
    let spec = one.spec.unwrap();
    assert_eq!((spec.size, spec.dataset.manifest.as_str()), (64, "m1"));
    let by_id: ExperimentView = server
        .get(&format!("/api/v1/experiments/{}", view.id))
        .await
        .json();
    assert_eq!(by_id, view);
    let status: StatusView = server.get("/api/v1/status").await.json();
    assert_eq!(status.jobs, [(JobState::Queued, 4)].into());
    assert_eq!((status.experiments.len(), status.workers.len()), (1, 1));
}

#[tokio::test]
async fn the_same_bundle_again_is_the_same_experiment() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    let first = server.submit(&bundle("once", 3)).await;
    let again = server.post("/api/v1/experiments", &bundle("once", 3)).await;
    assert_eq!(again.status.as_u16(), 200);
    assert_eq!(again.json::<ExperimentView>(), first);
    assert_eq!(server.count("select count(*) from runs").await, 3);
}

#[tokio::test]
async fn another_bundle_under_the_same_name_is_409() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    server.submit(&bundle("taken", 1)).await;
    let problem = server
        .post("/api/v1/experiments", &bundle("taken", 2))
        .await
        .problem(409);
    assert_eq!(problem.kind, "mrprism:name-taken");
    assert!(problem.detail.contains("'taken'"), "{problem:?}");
    assert_eq!(server.count("select count(*) from runs").await, 1);
}

#[tokio::test]
async fn equal_submissions_at_once_make_one_experiment() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    let bundle = bundle("race", 5);
    let submissions = (0..8).map(|_| server.post("/api/v1/experiments", &bundle));
    let answers = futures::future::join_all(submissions).await;
    let made = answers.iter().filter(|a| a.status.as_u16() == 201).count();
    let same = answers.iter().filter(|a| a.status.as_u16() == 200).count();
    assert_eq!((made, same), (1, 7));
    assert_eq!(server.count("select count(*) from jobs").await, 5);
}

#[tokio::test]
async fn a_mistake_is_422_with_file_line_and_key_and_nothing_is_written() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    let more = "[base.train]\nlr = -1.0\n[base.loss]\nshufle = 0.3\n";
    let problem = server
        .post(
            "/api/v1/experiments",
            &bundle_on("phantom", "wrong", 1, more),
        )
        .await
        .problem(422);
    assert_eq!(problem.kind, "mrprism:bad-definition");
    let fault = &problem.errors[0];
    assert_eq!(fault.file, "wrong.toml");
    assert_eq!((fault.line, fault.key.as_str()), (Some(11), "loss.shufle"));
    let more = "[base.train]\nlr = -1.0\n";
    let problem = server
        .post(
            "/api/v1/experiments",
            &bundle_on("phantom", "wrong", 1, more),
        )
        .await
        .problem(422);
    let fault = &problem.errors[0];
    assert_eq!((fault.line, fault.key.as_str()), (Some(9), "train.lr"));
    let mut broken = bundle("wrong", 1);
    broken.experiment.text.push_str("= =");
    server
        .post("/api/v1/experiments", &broken)
        .await
        .problem(422);
    assert_eq!(server.count("select count(*) from experiments").await, 0);
    assert_eq!(server.count("select count(*) from runs").await, 0);
}

#[tokio::test]
async fn an_unknown_data_set_is_422_and_the_known_ones_are_named() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    let problem = server
        .post("/api/v1/experiments", &bundle_on("brain", "unknown", 1, ""))
        .await
        .problem(422);
    let said = problem.to_string();
    assert!(
        said.contains("'brain'") && said.contains("phantom"),
        "{said}"
    );
    assert_eq!(server.count("select count(*) from experiments").await, 0);
}

#[tokio::test]
async fn two_arms_that_are_the_same_run_are_refused() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    let twins = "[[arm]]\nname = \"one\"\n[[arm]]\nname = \"two\"\n";
    let problem = server
        .post(
            "/api/v1/experiments",
            &bundle_on("phantom", "twins", 1, twins),
        )
        .await
        .problem(422);
    let said = problem.to_string();
    assert!(said.contains("'one' and 'two'"), "{said}");
    assert_eq!(server.count("select count(*) from experiments").await, 0);
}

#[tokio::test]
async fn a_name_means_the_data_set_that_a_present_worker_holds() {
    let server = Server::start().await;
    Worker::holding(&server, "old", vec![phantom("phantom", "m1")]).await;
    server.pass(1).await;
    Worker::holding(&server, "new", vec![phantom("phantom", "m2")]).await;
    let manifest = async || {
        let cards: Vec<mrprism_protocol::spec::DatasetCard> =
            server.get("/api/v1/datasets").await.json();
        assert_eq!(cards.len(), 1);
        cards[0].manifest.clone()
    };
    assert_eq!(manifest().await, "m2", "the newer of two");
    server.submit(&bundle("newest", 1)).await;
    let runs = server.runs("newest").await;
    let run: RunView = server
        .get(&format!("/api/v1/runs/{}", runs[0].id))
        .await
        .json();
    assert_eq!(run.spec.unwrap().dataset.manifest, "m2");
}

#[tokio::test]
async fn a_bundle_that_is_no_bundle_is_422() {
    let server = Server::start().await;
    let problem = server
        .post("/api/v1/experiments", &serde_json::json!({"experiment": 1}))
        .await
        .problem(422);
    assert!(problem.detail.contains("experiment"), "{problem:?}");
    let empty: Bundle = serde_json::from_value(
        serde_json::json!({"experiment": {"file": "e.toml", "text": ""}, "methods": []}),
    )
    .unwrap();
    server
        .post("/api/v1/experiments", &empty)
        .await
        .problem(422);
}
