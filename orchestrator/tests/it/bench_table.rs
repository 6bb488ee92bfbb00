//! `make bench-table`: how long a large table takes, from the database to its JSON; cold, and once it has been asked for.

use std::fmt::Write as _;
use std::time::Instant;

use mrprism_protocol::spec::{NamedText, Output, Reference};
use mrprism_protocol::state::AttemptOutcome;
use mrprism_protocol::wire::{EventBody, Score, Table};
use reqwest::StatusCode;

use crate::support::{Server, Worker, bundle};

const ARMS: usize = 200;
const SEEDS: usize = 5;
const CASES: usize = 40;
const METRICS: [&str; 8] = [
    "soft_dice@1",
    "soft_iou@1",
    "dice@1",
    "iou@1",
    "sensitivity@1",
    "specificity@1",
    "precision@1",
    "hausdorff_95@1",
];

/// A number between 0 and 1 that differs between all that is scored.
fn value(words: [usize; 4]) -> f64 {
    let mixed = words.into_iter().fold(17_u64, |mixed, word| {
        (mixed ^ word as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 3
    });
    (mixed % 10_000) as f64 / 10_000.0
}

fn scores(run: usize) -> Vec<Score> {
    let (arm, seed) = (run / SEEDS, run % SEEDS);
    let of = |metric: usize, case: usize| Score {
        output: Output::Prediction,
        recurrence: Some(0),
        case: format!("case{case:02}"),
        structure: "disc".to_owned(),
        reference: Reference::Mean,
        metric: METRICS[metric].to_owned(),
        value: value([arm, seed, metric, case]),
    };
    (0..METRICS.len())
        .flat_map(|metric| (0..CASES).map(move |case| (metric, case)))
        .map(|(metric, case)| of(metric, case))
        .collect()
}

#[tokio::test]
#[ignore = "a benchmark: make bench-table"]
#[expect(clippy::print_stdout, reason = "what a benchmark prints is its result")]
async fn a_table_of_200_arms_5_seeds_and_8_metrics() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    let mut bundle = bundle("large", SEEDS as u64);
    let mut text = bundle.experiment.text.replace(
        "[base]",
        "table = { rows = \"arm\", columns = \"reference\", baseline = \"arm000\" }\n[base]",
    );
    for arm in 0..ARMS {
        write!(
            text,
            "\n[[arm]]\nname = \"arm{arm:03}\"\nset = {{ \"train.lr\" = {} }}\n",
            1e-4 + arm as f64 * 1e-6
        )
        .unwrap();
    }
    bundle.experiment = NamedText {
        text,
        ..bundle.experiment
    };
    let made = server.post("/api/v1/experiments", &bundle).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    for run in 0..ARMS * SEEDS {
        let claim = worker.claim().await.unwrap();
        let scores = scores(run);
        worker
            .report(&claim, 0, vec![EventBody::Scores { scores }])
            .await;
        worker.finish(&claim, AttemptOutcome::Succeeded).await;
    }
    let mut seconds = Vec::new();
    for _ in 0..6 {
        let began = Instant::now();
        let answer = server.get("/api/v1/experiments/large/table").await;
        seconds.push(began.elapsed().as_secs_f64());
        let table: Table = answer.json();
        assert_eq!(table.cells.len(), ARMS * METRICS.len());
        let tested = table.cells.iter().filter(|cell| cell.p_adjusted.is_some());
        assert_eq!(tested.count(), (ARMS - 1) * METRICS.len());
    }
    println!(
        "{ARMS} arms × {SEEDS} seeds × {} metrics × {CASES} cases = {} scores, tests and 2,000 resamples for each of {} cells",
        METRICS.len(),
        ARMS * SEEDS * METRICS.len() * CASES,
        (ARMS - 1) * METRICS.len()
    );
    println!("cold  {:.3} s (at most 5)", seconds[0]);
    let warm = seconds[1..].iter().copied().fold(0.0, f64::max);
    println!("warm  {warm:.3} s, the slowest of five (at most 0.5)");
}
