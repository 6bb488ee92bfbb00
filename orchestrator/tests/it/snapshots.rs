//! Frozen tables: once a content, for ever, whatever is trained afterwards.

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::state::{AttemptOutcome, JobState};
use mrprism_protocol::wire::{EventBody, Freeze, Score, Snapshot, SnapshotView, Table};

use crate::support::{Answer, Server, Worker, bundle};

async fn freeze(server: &Server, name: Option<&str>) -> Answer {
    let wanted = Freeze {
        name: name.map(str::to_owned),
    };
    server
        .post("/api/v1/experiments/study/freeze", &wanted)
        .await
}

async fn succeed(worker: &Worker<'_>, value: f64) {
    let claim = worker.claim().await.unwrap();
    let scores = vec![Score {
        output: Output::Prediction,
        recurrence: Some(0),
        case: "a".to_owned(),
        structure: "disc".to_owned(),
        reference: Reference::Mean,
        metric: "soft_dice@1".to_owned(),
        value,
    }];
    worker
        .report(&claim, 0, vec![EventBody::Scores { scores }])
        .await;
    worker.finish(&claim, AttemptOutcome::Succeeded).await;
}

#[tokio::test]
async fn a_snapshot_stays_while_its_experiment_goes_on() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("study", 2)).await;
    succeed(&worker, 0.5).await;
    let before: Table = server.get("/api/v1/experiments/study/table").await.json();
    let answer = freeze(&server, Some("half")).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let half: SnapshotView = answer.json();
    let printed = serde_json::to_string_pretty(&before).unwrap();
    assert_eq!(
        half.hash,
        blake3::hash(printed.as_bytes()).to_hex().to_string()
    );
    let states: Vec<_> = half.cites.iter().map(|run| run.state).collect();
    assert_eq!(states, [JobState::Succeeded, JobState::Queued]);
    assert_eq!(half.cites[0].science_version, "s1");

    succeed(&worker, 0.7).await;
    let whole: SnapshotView = freeze(&server, None).await.json();
    assert_ne!(whole.hash, half.hash);
    assert_eq!(whole.name, format!("study-{}", &whole.hash[..8]));
    let frozen: Snapshot = server.get("/api/v1/snapshots/half").await.json();
    assert_eq!((frozen.view, frozen.table), (half.clone(), before.clone()));
    assert!(
        before.notes[0].contains("1 of 2 runs have no result"),
        "{:?}",
        before.notes
    );
    let listed: Vec<SnapshotView> = server.get("/api/v1/snapshots").await.json();
    assert_eq!(listed, [whole, half]);
}

#[tokio::test]
async fn equal_content_is_frozen_once_and_a_name_holds_one_content() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("study", 2)).await;
    let first: SnapshotView = freeze(&server, None).await.json();
    for name in [None, Some("another")] {
        let again = freeze(&server, name).await;
        assert_eq!(again.status.as_u16(), 200, "{}", again.text);
        assert_eq!(again.json::<SnapshotView>(), first);
    }
    assert_eq!(server.count("select count(*) from snapshots").await, 1);
    succeed(&worker, 0.5).await;
    let problem = freeze(&server, Some(&first.name)).await.problem(409);
    assert_eq!(problem.kind, "mrprism:name-taken");
    for name in ["", "a b", "../x", &"x".repeat(101)] {
        freeze(&server, Some(name)).await.problem(422);
    }
    server.get("/api/v1/snapshots/none").await.problem(404);
}

#[tokio::test]
async fn what_is_frozen_cannot_be_rewritten() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    server.submit(&bundle("study", 1)).await;
    freeze(&server, Some("one")).await;
    for statement in [
        "update snapshots set content = '{}'",
        "update snapshots set name = 'two'",
        "delete from snapshots",
    ] {
        let error = sqlx::query(statement)
            .execute(server.db())
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("is frozen"),
            "{statement}: {error}"
        );
    }
}
