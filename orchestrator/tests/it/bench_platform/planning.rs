//! How long an experiment of 10,000 runs takes, from the call to its answer: planned, checked, written.

use std::time::Instant;

use reqwest::StatusCode;

use super::{ROUNDS, large, say};
use crate::support::{Server, Worker};

const RUNS: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a benchmark: make bench-platform"]
async fn an_experiment_of_10_000_runs() {
    let server = Server::start().await;
    let version = "select current_setting('server_version_num')::bigint";
    let version = server.count(version).await;
    say("PostgreSQL", "version", "", version as f64);
    let _holder = Worker::new(&server, "here").await;
    for round in 0..ROUNDS {
        let bundle = large(&format!("large{round}"), RUNS);
        let began = Instant::now();
        let made = server.post("/api/v1/experiments", &bundle).await;
        let took = began.elapsed();
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        say(
            "plan and insert 10,000 runs",
            "mrprism",
            "s",
            took.as_secs_f64(),
        );
    }
    let runs = server.count("select count(*) from jobs").await;
    assert_eq!(runs, (ROUNDS * RUNS) as i64);
}
