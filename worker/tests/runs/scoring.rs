//! Scoring stored predictions again: without training, to the same bits, with other references and metrics.

use mrprism_protocol::spec::{Metric, Reference, ReferenceFamily};
use mrprism_protocol::state::{AttemptOutcome, JobState};
use mrprism_protocol::wire::{RunView, ScoreQueued, ScoreRequest, Table};

use crate::lab::Lab;

fn scored(times: usize) -> impl Fn(&RunView) -> bool {
    move |run| {
        let ended = run.attempts.iter();
        ended
            .filter(|attempt| attempt.outcome == Some(AttemptOutcome::Succeeded))
            .count()
            == times
    }
}

/// Means by what they are of, as bits.
fn bits(table: &Table) -> Vec<(String, u64)> {
    let cells = table.cells.iter().map(|cell| {
        let (row, column) = (&table.rows[cell.row], &table.columns[cell.column]);
        (format!("{row:?} {column:?}"), cell.mean.to_bits())
    });
    let mut bits: Vec<_> = cells.collect();
    bits.sort();
    bits
}

#[tokio::test]
async fn scoring_again_trains_nothing_and_gives_the_same_bits_and_new_measures() {
    let lab = Lab::start().await;
    let first = lab.worker("one");
    lab.submit().await;
    let trained = lab.run_when("succeeded", scored(1)).await;
    let before = lab.table().await;
    assert!(
        before
            .notes
            .iter()
            .all(|note| !note.contains("Patients are not known")),
        "{:?}",
        before.notes
    );
    drop(first);

    // Another machine, which has nothing of the run: predictions come from the server.
    let second = lab.worker("two");
    let queued: ScoreQueued = lab.score(&ScoreRequest::default()).await;
    assert_eq!(
        (queued.jobs.len(), queued.without_result, queued.under_way),
        (1, 0, 0)
    );
    let run = lab.run_when("scored again", scored(2)).await;
    assert_eq!(run.state, JobState::Succeeded);
    assert_eq!(run.weights_hash, trained.weights_hash);
    assert_eq!((run.step, run.epoch), (trained.step, trained.epoch));
    assert_eq!(bits(&lab.table().await), bits(&before));

    let more = ScoreRequest {
        references: vec![ReferenceFamily::Staple, ReferenceFamily::Mean],
        metrics: vec![Metric::SoftDice, Metric::Brier],
        when_trained: false,
    };
    lab.score(&more).await;
    lab.run_when("scored with more", scored(3)).await;
    let after = lab.table().await;
    let has = |table: &Table, metric: &str, reference| {
        let mut columns = table.columns.iter();
        columns.any(|column| column.metric == metric && column.reference == reference)
    };
    assert!(!has(&before, "soft_dice@1", Reference::Staple));
    assert!(has(&after, "soft_dice@1", Reference::Staple));
    assert!(has(&after, "brier@1", Reference::Mean));
    let kept: Vec<_> = bits(&after)
        .into_iter()
        .filter(|cell| bits(&before).iter().any(|old| old.0 == cell.0))
        .collect();
    assert_eq!(kept, bits(&before));
    crate::lab::until("the folder is empty", async || {
        second.files().is_empty().then_some(())
    })
    .await;
}
