//! Metric points a second through HTTP, ten workers writing at once.

use std::time::Instant;

use futures::future::join_all;
use mrprism_protocol::wire::EventBody;
use reqwest::StatusCode;

use super::{ROUNDS, SERIES, large, rate, say, workers};
use crate::support::Server;

const WRITERS: usize = 10;
/// What a worker sends at a time when it lags behind, and the most that the server takes.
const BATCHES: [usize; 2] = [500, 5000];
/// Points of one writer in a round.
const POINTS: usize = 50_000;

fn points(first: usize, batch: usize) -> Vec<EventBody> {
    (first..first + batch)
        .map(|number| EventBody::Metric {
            series: SERIES[number % SERIES.len()].to_owned(),
            step: (number / SERIES.len()) as u64,
            value: 1.0 / (1.0 + number as f64),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a benchmark: make bench-platform"]
async fn points_of_ten_workers() {
    let server = Server::start().await;
    let workers = workers(&server, WRITERS).await;
    server.submit(&large("curves", 100)).await;
    let mut claims = Vec::new();
    for worker in &workers {
        claims.push(worker.claim().await.unwrap());
    }
    let rounds = BATCHES.into_iter().cycle().take(ROUNDS * BATCHES.len());
    for (round, batch) in rounds.enumerate() {
        let began = Instant::now();
        join_all(
            workers
                .iter()
                .zip(&claims)
                .map(|(worker, claim)| async move {
                    for first in (round * POINTS..(round + 1) * POINTS).step_by(batch) {
                        let stored = worker
                            .report(claim, first as u64, points(first, batch))
                            .await;
                        assert_eq!(stored.status, StatusCode::OK, "{}", stored.text);
                    }
                }),
        )
        .await;
        let whose = format!("mrprism, {batch} at a time");
        let rate = rate(WRITERS * POINTS, began.elapsed());
        say("metric points, ten workers, HTTP", &whose, "/s", rate);
    }
    let stored = server.count("select count(*) from metric_points").await;
    assert_eq!(stored, (ROUNDS * BATCHES.len() * WRITERS * POINTS) as i64);
}
