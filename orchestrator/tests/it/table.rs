//! From what a worker reports to what people read.

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::state::AttemptOutcome;
use mrprism_protocol::wire::{EventBody, Score, Table};

use crate::support::{Server, Worker, bundle};

/// A soft Dice of the prediction's Rec0 on the disc.
fn dice(case: &str, reference: Reference, value: f64) -> Score {
    Score {
        output: Output::Prediction,
        recurrence: Some(0),
        case: case.to_owned(),
        structure: "disc".to_owned(),
        reference,
        metric: "soft_dice@1".to_owned(),
        value,
    }
}

fn human(rater: u32, case: &str, value: f64) -> Score {
    Score {
        output: Output::Rater(rater),
        recurrence: None,
        ..dice(case, Reference::LeaveOneOut(rater), value)
    }
}

#[tokio::test]
async fn the_table_of_an_experiment_is_served() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("served", 2)).await;
    let claim = worker.claim().await.unwrap();
    let scores = vec![
        dice("a", Reference::Mean, 0.5),
        dice("b", Reference::Mean, 0.7),
        human(1, "a", 0.8),
    ];
    worker
        .report(&claim, 0, vec![EventBody::Scores { scores }])
        .await;
    let table = async || -> Table { server.get("/api/v1/experiments/served/table").await.json() };
    assert!(table().await.cells.is_empty(), "it has not succeeded yet");
    worker.finish(&claim, AttemptOutcome::Succeeded).await;
    let table = table().await;
    assert_eq!(
        (table.schema.as_str(), table.experiment.as_str()),
        ("mrprism.table/1", "served")
    );
    let mean = table.cells[0].mean;
    assert!((mean - 0.6).abs() < 1e-12, "{mean}");
    assert_eq!(table.human.len(), 2);
    assert!(
        table.notes[0].contains("served seed 1 (queued)"),
        "{:?}",
        table.notes
    );
}
