//! Events: stored once, whatever arrives how often.

use mrprism_orchestrator::reconcile::expire;
use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::wire::{Claim, Curve, EventBody, EventsReply, LogPage, RunView, Score};

use crate::support::{Answer, Server, Worker, bundle};

fn log(message: &str) -> EventBody {
    EventBody::Log {
        level: "warn".to_owned(),
        message: message.to_owned(),
    }
}

fn metric(step: u64, value: f64) -> EventBody {
    EventBody::Metric {
        series: "train/loss".to_owned(),
        step,
        value,
    }
}

fn started(step: u64, epoch: u64) -> EventBody {
    EventBody::Started {
        step,
        epoch,
        steps: 100,
        steps_per_epoch: 4,
    }
}

fn progress(step: u64) -> EventBody {
    EventBody::Progress {
        phase: "train".to_owned(),
        step,
        epoch: step / 4,
        steps: 100,
    }
}

fn scores(values: &[(&str, f64)]) -> EventBody {
    let score = |(case, value): &(&str, f64)| Score {
        output: Output::Rater(1),
        recurrence: None,
        case: (*case).to_owned(),
        structure: "disc".to_owned(),
        reference: Reference::LeaveOneOut(1),
        metric: "soft_dice@1".to_owned(),
        value: *value,
    };
    EventBody::Scores {
        scores: values.iter().map(score).collect(),
    }
}

fn stored(answer: &Answer) -> u64 {
    answer.json::<EventsReply>().stored_through
}

async fn curves(server: &Server, claim: &Claim) -> Vec<Curve> {
    server
        .get(&format!("/api/v1/runs/{}/metrics", claim.run))
        .await
        .json()
}

async fn run(server: &Server, claim: &Claim) -> RunView {
    server
        .get(&format!("/api/v1/runs/{}", claim.run))
        .await
        .json()
}

#[tokio::test]
async fn a_batch_that_arrives_twice_is_stored_once() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("twice", 1)).await;
    let claim = worker.claim().await.unwrap();
    let batch = || {
        vec![
            started(0, 0),
            metric(1, 0.5),
            log("hello"),
            scores(&[("a", 0.1), ("b", 0.2)]),
            EventBody::Dropped { metric_points: 7 },
        ]
    };
    let arrivals = (0..6).map(|_| worker.report(&claim, 10, batch()));
    for answer in futures::future::join_all(arrivals).await {
        assert_eq!(stored(&answer), 14);
    }
    // Overlapping with what is there.
    let part = vec![metric(1, 0.5), log("hello")];
    assert_eq!(stored(&worker.report(&claim, 11, part).await), 14);
    assert_eq!(server.count("select count(*) from events").await, 3);
    assert_eq!(server.count("select count(*) from metric_points").await, 1);
    assert_eq!(server.count("select count(*) from scores").await, 2);
    assert_eq!(server.count("select dropped_points from attempts").await, 7);
}

#[tokio::test]
async fn an_empty_batch_says_how_far_the_server_is() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("empty", 1)).await;
    let claim = worker.claim().await.unwrap();
    worker.report(&claim, 5, vec![log("x")]).await;
    assert_eq!(stored(&worker.report(&claim, 0, Vec::new()).await), 5);
}

#[tokio::test]
async fn a_bad_value_is_422_and_nothing_of_its_batch_is_stored() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("bad", 1)).await;
    let claim = worker.claim().await.unwrap();
    // JSON has no NaN: it arrives as null.
    for bad in [metric(1, f64::NAN), scores(&[("a", f64::INFINITY)])] {
        worker
            .report(&claim, 0, vec![log("x"), bad])
            .await
            .problem(422);
    }
    let huge = metric(u64::MAX, 1.0);
    worker.report(&claim, 0, vec![huge]).await.problem(422);
    let many = (0..5001).map(|step| metric(step, 0.0)).collect();
    worker.report(&claim, 0, many).await.problem(422);
    assert_eq!(server.count("select count(*) from events").await, 0);
    assert_eq!(server.count("select count(*) from metric_points").await, 0);
}

#[tokio::test]
async fn progress_is_seen_in_the_run_and_a_late_batch_does_not_turn_it_back() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("goes", 1)).await;
    let claim = worker.claim().await.unwrap();
    worker
        .report(&claim, 0, vec![started(0, 0), progress(8)])
        .await;
    worker.report(&claim, 9, vec![progress(40)]).await;
    worker.report(&claim, 4, vec![progress(20)]).await;
    let run = run(&server, &claim).await;
    assert_eq!((run.step, run.epoch, run.steps), (40, 10, Some(100)));
    assert_eq!(run.phase.as_deref(), Some("train"));
}

#[tokio::test]
async fn after_a_resume_only_the_newest_attempts_points_are_shown() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("resumed", 1)).await;
    let first = worker.claim().await.unwrap();
    let points = (1..=10).map(|step| metric(step, 1.0));
    worker
        .report(
            &first,
            0,
            std::iter::once(started(0, 0)).chain(points).collect(),
        )
        .await;
    server.pass(61).await;
    expire(server.app()).await.unwrap();
    server.pass(10).await;
    let second = worker.claim().await.unwrap();
    assert_eq!(
        curves(&server, &first).await[0].points.len(),
        10,
        "not begun yet"
    );
    // It goes on from step 8 and has come to step 9; the lost attempt's 9 and 10 are gone.
    worker
        .report(&second, 0, vec![started(8, 2), metric(9, 2.0)])
        .await;
    let curve = &curves(&server, &first).await[0];
    assert_eq!(curve.series, "train/loss");
    let expected: Vec<_> = (1..=8).map(|step| (step, 1.0)).chain([(9, 2.0)]).collect();
    assert_eq!(curve.points, expected);
    let run = run(&server, &first).await;
    let resumed: Vec<_> = run
        .attempts
        .iter()
        .map(|attempt| (attempt.resumed_from_step, attempt.resumed_from_epoch))
        .collect();
    assert_eq!(resumed, [(None, None), (Some(8), Some(2))]);
    let none: Vec<Curve> = server
        .get(&format!("/api/v1/runs/{}/metrics?series=other", first.run))
        .await
        .json();
    assert!(none.is_empty());
}

#[tokio::test]
async fn nothing_is_scored_twice_and_the_newest_attempt_is_believed() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("scored", 1)).await;
    let first = worker.claim().await.unwrap();
    worker.report(&first, 0, vec![scores(&[("a", 0.1)])]).await;
    worker.report(&first, 1, vec![scores(&[("a", 0.1)])]).await;
    server.pass(61).await;
    expire(server.app()).await.unwrap();
    server.pass(10).await;
    let second = worker.claim().await.unwrap();
    worker
        .report(&second, 0, vec![scores(&[("a", 0.4), ("b", 0.5)])])
        .await;
    worker
        .report(&first, 2, vec![scores(&[("a", 0.9)])])
        .await
        .lease_lost();
    let values: Vec<f64> = sqlx::query_scalar("select value from scores order by case_name")
        .fetch_all(server.db())
        .await
        .unwrap();
    assert_eq!(values, [0.4, 0.5]);
}

#[tokio::test]
async fn logs_are_read_page_by_page() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("talks", 1)).await;
    let claim = worker.claim().await.unwrap();
    let lines = (0..1500).map(|line| log(&format!("line {line}"))).collect();
    worker.report(&claim, 0, lines).await;
    let page = async |after: i64| -> LogPage {
        server
            .get(&format!("/api/v1/runs/{}/logs?after={after}", claim.run))
            .await
            .json()
    };
    let first = page(0).await;
    assert_eq!(first.lines.len(), 1000);
    assert_eq!(
        (first.lines[0].attempt, first.lines[0].level.as_str()),
        (1, "warn")
    );
    let second = page(first.next).await;
    assert_eq!(second.lines.len(), 500);
    assert_eq!(second.lines[499].message, "line 1499");
    let third = page(second.next).await;
    assert_eq!((third.lines.len(), third.next), (0, second.next));
}

#[tokio::test]
async fn a_nul_in_a_trainers_output_does_no_harm() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("nul", 1)).await;
    let claim = worker.claim().await.unwrap();
    let answer = worker.report(&claim, 0, vec![log("a\0b")]).await;
    assert_eq!(stored(&answer), 0);
}
