//! The same of `MLflow`'s tracking server, by its REST API: runs created and metric points logged, as fast as one client and
//! ten get them in. A bounded number of each, from which a rate follows.

use std::time::Instant;

use futures::future::join_all;
use serde_json::{Value, json};

use super::{ROUNDS, SERIES, rate, say};

/// Runs created in a round.
const RUNS: usize = 100;
const WRITERS: usize = 10;
/// The most that `MLflow` takes at a time.
const BATCH: usize = 1000;
/// Batches of one writer in a round.
const BATCHES: usize = 3;

/// `MLflow`'s server, and which store it has.
struct Mlflow {
    http: reqwest::Client,
    url: String,
    store: String,
}

impl Mlflow {
    /// The one that `tools/bench/platform` has started.
    #[expect(
        clippy::disallowed_methods,
        reason = "the script that runs this says where its server is"
    )]
    fn given() -> Self {
        let given = |name: &str| std::env::var(name).expect("run by tools/bench/platform");
        Self {
            http: reqwest::Client::new(),
            url: given("MRPRISM_BENCH_MLFLOW_URL"),
            store: given("MRPRISM_BENCH_MLFLOW_STORE"),
        }
    }

    fn whose(&self) -> String {
        format!("MLflow, {}", self.store)
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/api/2.0/mlflow/{path}", self.url);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn experiment(&self) -> Value {
        let name = uuid::Uuid::now_v7();
        let made = self.post("experiments/create", json!({ "name": name }));
        made.await["experiment_id"].clone()
    }

    async fn run(&self, experiment: &Value) -> Value {
        let body = json!({ "experiment_id": experiment, "start_time": 0 });
        self.post("runs/create", body).await["run"]["info"]["run_id"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a benchmark: make bench-platform"]
async fn runs_created_by_mlflow() {
    let mlflow = Mlflow::given();
    let experiment = mlflow.experiment().await;
    for clients in [1, WRITERS] {
        let measure = format!("runs created one by one, {clients} at once");
        for _ in 0..ROUNDS {
            let began = Instant::now();
            join_all((0..clients).map(|_| async {
                for _ in 0..RUNS / clients {
                    mlflow.run(&experiment).await;
                }
            }))
            .await;
            say(&measure, &mlflow.whose(), "/s", rate(RUNS, began.elapsed()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a benchmark: make bench-platform"]
async fn points_logged_by_mlflow() {
    let mlflow = Mlflow::given();
    let experiment = mlflow.experiment().await;
    let runs = join_all((0..WRITERS).map(|_| mlflow.run(&experiment))).await;
    let (mlflow, series) = (&mlflow, &SERIES);
    for round in 0..ROUNDS {
        let began = Instant::now();
        join_all(runs.iter().map(|run| async move {
            for batch in 0..BATCHES {
                let first = (round * BATCHES + batch) * BATCH;
                let metrics: Vec<_> = (first..first + BATCH)
                    .map(|number| {
                        json!({
                            "key": series[number % series.len()],
                            "step": number / series.len(),
                            "value": 1.0 / (1.0 + number as f64),
                            "timestamp": number,
                        })
                    })
                    .collect();
                let body = json!({ "run_id": run, "metrics": metrics });
                mlflow.post("runs/log-batch", body).await;
            }
        }))
        .await;
        let sent = WRITERS * BATCHES * BATCH;
        say(
            "metric points, ten workers, HTTP",
            &mlflow.whose(),
            "/s",
            rate(sent, began.elapsed()),
        );
    }
}
