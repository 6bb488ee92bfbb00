//! `make bench-platform`: what the platform costs. Each measure prints a JSON line a figure; `tools/bench/platform` runs them,
//! with `MLflow`'s server beside them, and makes the table.

mod claiming;
mod ingesting;
mod mlflow;
mod plain_queue;
mod planning;
mod waking;

use std::time::Duration;

use mrprism_protocol::spec::Bundle;
use serde_json::json;

use crate::support::{Server, Worker, bundle};

/// How often what is compared is done, in turns; medians count.
const ROUNDS: usize = 3;

/// Curves as a training step reports them.
const SERIES: [&str; 4] = ["train/loss", "train/dice", "train/lr", "train/grad_norm"];

/// Prints one figure: of what, whose, and in which unit.
#[expect(clippy::print_stdout, reason = "what a benchmark prints is its result")]
fn say(measure: &str, whose: &str, unit: &str, value: f64) {
    println!(
        "{}",
        json!({ "measure": measure, "whose": whose, "unit": unit, "value": value })
    );
}

/// Things a second.
fn rate(things: usize, took: Duration) -> f64 {
    things as f64 / took.as_secs_f64()
}

/// An experiment of `runs` runs: a hundred arms, or one where there are fewer.
fn large(name: &str, runs: usize) -> Bundle {
    const ARMS: usize = 100;
    let mut bundle = bundle(name, (runs / ARMS).max(1) as u64);
    for arm in 0..ARMS.min(runs) {
        let rate = 1e-4 + arm as f64 * 1e-6;
        let text =
            format!("\n[[arm]]\nname = \"arm{arm:02}\"\nset = {{ \"train.lr\" = {rate} }}\n");
        bundle.experiment.text.push_str(&text);
    }
    bundle
}

/// As many workers, a host each.
async fn workers(server: &Server, count: usize) -> Vec<Worker<'_>> {
    let mut workers = Vec::new();
    for number in 0..count {
        workers.push(Worker::new(server, &format!("host{number}")).await);
    }
    workers
}
