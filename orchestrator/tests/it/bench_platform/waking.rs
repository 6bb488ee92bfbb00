//! How soon an idle worker that waits for work holds a run that has just been submitted.

use std::time::{Duration, Instant};

use mrprism_protocol::state::AttemptOutcome;
use mrprism_protocol::wire::Claim;
use tokio::sync::mpsc;

use super::say;
use crate::support::{Server, Worker, bundle};

const TIMES: usize = 250;

/// Claims, says when, finishes, waits for the next.
async fn work(worker: &Worker<'_>, claimed: mpsc::Sender<Instant>) {
    loop {
        let mut request = worker.request();
        request.wait_seconds = 30;
        let answer = worker.ask(&request).await;
        let at = Instant::now();
        let claim: Claim = answer.json();
        worker.finish(&claim, AttemptOutcome::Succeeded).await;
        if claimed.send(at).await.is_err() {
            return;
        }
    }
}

/// The time below which this share of them lies.
fn share(sorted: &[Duration], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted[place.clamp(1, sorted.len()) - 1].as_secs_f64() * 1e3
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a benchmark: make bench-platform"]
async fn from_submitted_to_claimed_by_an_idle_worker() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    let (claimed, mut claims) = mpsc::channel::<Instant>(1);
    let submit = async {
        let (mut sent, mut answered) = (Vec::new(), Vec::new());
        for number in 0..TIMES {
            // Uneven pauses: the worker waits already, and its looks once a second fall anywhere.
            tokio::time::sleep(Duration::from_millis(50 + (number as u64 * 37) % 100)).await;
            let began = Instant::now();
            server.submit(&bundle(&format!("one{number}"), 1)).await;
            let stored = Instant::now();
            let claimed = claims.recv().await.unwrap();
            sent.push(claimed - began);
            answered.push(claimed.saturating_duration_since(stored));
        }
        (sent, answered)
    };
    let (mut sent, mut answered) = tokio::select! {
        times = submit => times,
        () = work(&worker, claimed) => unreachable!("it works for as long as somebody submits"),
    };
    for (measure, times) in [
        ("submitted → claimed by an idle worker", &mut sent),
        ("submission answered → claimed", &mut answered),
    ] {
        times.sort();
        say(measure, "p50", "ms", share(times, 0.5));
        say(measure, "p95", "ms", share(times, 0.95));
        say(measure, "max", "ms", share(times, 1.0));
    }
}
