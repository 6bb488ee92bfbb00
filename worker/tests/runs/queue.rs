//! Runs that go through a real server and real workers, and what happens to them when something dies.
use std::path::Path;
use std::time::Duration;

use crate::lab::{EPOCHS, LEASE, Lab, gone, lives, signal, undisturbed};
use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::state::{AttemptOutcome, JobState};
use mrprism_protocol::wire::RunView;
use nix::sys::signal::Signal;

fn in_mid_run(run: &RunView) -> bool {
    run.state == JobState::Leased && (2..EPOCHS / 2).contains(&run.epoch)
}

fn succeeded(run: &RunView) -> bool {
    run.state == JobState::Succeeded
}

fn outcomes(run: &RunView) -> Vec<Option<AttemptOutcome>> {
    run.attempts.iter().map(|attempt| attempt.outcome).collect()
}

#[tokio::test]
async fn a_killed_worker_loses_at_most_an_epoch_and_the_result_is_the_same_bits() {
    let lab = Lab::start().await;
    let mut first = lab.worker("one");
    lab.submit().await;
    lab.run_when("in mid-run", in_mid_run).await;
    let trainer = first.trainer().await;
    assert!(lives(trainer));
    first.child.kill().unwrap();
    assert!(
        gone(trainer).await < Duration::from_secs(5),
        "the trainer outlived its supervisor"
    );
    first.child.wait().unwrap();

    let second = lab.worker("one");
    let run = lab.run_when("succeeded", succeeded).await;
    assert_eq!(
        outcomes(&run),
        [Some(AttemptOutcome::Lost), Some(AttemptOutcome::Succeeded)]
    );
    let resumed = run.attempts[1].resumed_from_epoch.unwrap();
    assert!(
        (1..EPOCHS).contains(&resumed),
        "resumed from epoch {resumed}"
    );
    let (hash, alone) = undisturbed(lab.home.path());
    assert_eq!(run.weights_hash, Some(hash));
    assert_eq!(lab.table().await.cells[0].n_seeds, 1);
    assert_scores_equal(&lab, &alone).await;
    assert!(
        !second.files().contains(&"latest.safetensors".to_owned()),
        "a run that has succeeded keeps no checkpoint"
    );
}

/// Each mean of the table is the mean of the undisturbed run's scores: nothing was scored twice and nothing is missing.
async fn assert_scores_equal(lab: &Lab, alone: &Path) {
    let table = lab.table().await;
    let scores = std::fs::read_to_string(alone.join("scores.csv")).unwrap();
    let scores: Vec<Vec<&str>> = scores
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let mut compared = 0;
    for cell in &table.cells {
        let (row, column) = (&table.rows[cell.row], &table.columns[cell.column]);
        if row.output != Output::Prediction || matches!(column.reference, Reference::LeaveOneOut(_))
        {
            continue;
        }
        let values: Vec<f64> = scores
            .iter()
            .filter(|score| {
                score[0] == "prediction"
                    && score[1] == row.recurrence.unwrap().to_string()
                    && score[3] == column.structure
                    && score[4] == column.reference.to_string()
                    && score[5] == column.metric
            })
            .map(|score| score[6].parse().unwrap())
            .collect();
        assert_eq!(values.len(), cell.n_cases);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert!(
            (mean - cell.mean).abs() < 1e-12,
            "{row:?} {column:?}: {mean} {}",
            cell.mean
        );
        compared += 1;
    }
    assert!(compared > 20, "{compared} cells");
}

#[tokio::test]
async fn a_worker_held_past_its_lease_stops_and_the_other_attempts_result_stands() {
    let lab = Lab::start().await;
    let held = lab.worker("held");
    lab.submit().await;
    lab.run_when("in mid-run", in_mid_run).await;
    let trainer = held.trainer().await;
    held.signal(Signal::SIGSTOP);
    signal(trainer, Signal::SIGSTOP);
    lab.run_when("lost", |run| {
        run.attempts.first().and_then(|attempt| attempt.outcome) == Some(AttemptOutcome::Lost)
    })
    .await;

    let other = lab.worker("other");
    lab.run_when("in the other's hands", |run| {
        run.attempts.len() == 2 && run.state == JobState::Leased
    })
    .await;
    held.signal(Signal::SIGCONT);
    signal(trainer, Signal::SIGCONT);
    assert!(
        gone(trainer).await < Duration::from_secs(5),
        "the late trainer went on"
    );
    held.says("the lease of job").await;
    let run = lab.run_when("succeeded", succeeded).await;
    assert_eq!(
        outcomes(&run),
        [Some(AttemptOutcome::Lost), Some(AttemptOutcome::Succeeded)]
    );
    let (hash, alone) = undisturbed(lab.home.path());
    assert_eq!(run.weights_hash, Some(hash));
    assert_scores_equal(&lab, &alone).await;
    drop((held, other));
}

#[tokio::test]
async fn training_goes_on_while_the_server_is_away() {
    let mut lab = Lab::start().await;
    let worker = lab.worker("one");
    lab.submit().await;
    lab.run_when("in mid-run", in_mid_run).await;
    let trainer = worker.trainer().await;
    lab.stop_server().await;
    worker.says("they wait on disk").await;
    worker.says("heartbeat: the server cannot be reached").await;
    assert!(lives(trainer), "the trainer ended with the server");
    lab.start_server().await;
    let run = lab.run_when("succeeded", succeeded).await;
    assert_eq!(outcomes(&run), [Some(AttemptOutcome::Succeeded)]);
    let (hash, alone) = undisturbed(lab.home.path());
    assert_eq!(run.weights_hash, Some(hash));
    assert_scores_equal(&lab, &alone).await;
}

#[tokio::test]
async fn a_run_paused_at_a_checkpoint_goes_on_to_the_same_bits() {
    let lab = Lab::start().await;
    let _worker = lab.worker("one");
    lab.submit().await;
    lab.run_when("in mid-run", in_mid_run).await;
    lab.post("/experiments/tiny/pause").await;
    let paused = |run: &RunView| run.state == JobState::Paused;
    let run = lab.run_when("paused", paused).await;
    assert_eq!(outcomes(&run), [Some(AttemptOutcome::Yielded)]);
    lab.post("/experiments/tiny/resume").await;
    let run = lab.run_when("succeeded", succeeded).await;
    let ends = [AttemptOutcome::Yielded, AttemptOutcome::Succeeded];
    assert_eq!(outcomes(&run), ends.map(Some));
    assert!(run.attempts[1].resumed_from_step > Some(0));
    let (hash, alone) = undisturbed(lab.home.path());
    assert_eq!(run.weights_hash, Some(hash));
    assert_scores_equal(&lab, &alone).await;
}

/// No heartbeat arrives for as long as `outage`, and the run is still its holder's.
async fn assert_an_outage_costs_no_attempt(outage: Duration) {
    let mut lab = Lab::start().await;
    let _worker = lab.worker("one");
    lab.submit().await;
    lab.run_when("in mid-run", in_mid_run).await;
    lab.stop_server().await;
    tokio::time::sleep(outage).await;
    lab.start_server().await;
    let run = lab.run_when("succeeded", succeeded).await;
    assert_eq!(outcomes(&run), [Some(AttemptOutcome::Succeeded)]);
}

#[tokio::test]
async fn an_outage_of_three_leases_costs_no_attempt() {
    assert_an_outage_costs_no_attempt(3 * LEASE).await;
}

#[tokio::test]
#[ignore = "takes the 90 seconds of the outage"]
async fn an_outage_of_ninety_seconds_costs_no_attempt() {
    assert_an_outage_costs_no_attempt(Duration::from_secs(90)).await;
}

#[tokio::test]
async fn a_worker_asked_to_end_gives_its_run_back_and_another_machine_goes_on() {
    let lab = Lab::start().await;
    let mut first = lab.worker("one");
    lab.submit().await;
    lab.run_when("in mid-run", in_mid_run).await;
    first.signal(Signal::SIGTERM);
    assert!(first.ended().await.success());
    let given_back = lab
        .run_when("given back", |run| run.state == JobState::Queued)
        .await;
    assert_eq!(outcomes(&given_back), [Some(AttemptOutcome::Yielded)]);

    // Another home holds nothing of the run: the checkpoint comes from the server.
    let _second = lab.worker("two");
    let run = lab.run_when("succeeded", succeeded).await;
    let resumed = run.attempts[1].resumed_from_step.unwrap();
    assert_eq!(resumed, given_back.step.max(resumed), "steps were lost");
    assert!(resumed > 0);
    let (hash, _) = undisturbed(lab.home.path());
    assert_eq!(run.weights_hash, Some(hash));
}

#[tokio::test]
async fn a_cancelled_run_ends_in_mid_step_and_leaves_nothing() {
    let lab = Lab::start().await;
    let worker = lab.worker("one");
    lab.submit().await;
    let run = lab.run_when("in mid-run", in_mid_run).await;
    let trainer = worker.trainer().await;
    lab.post(&format!("/runs/{}/cancel", run.id)).await;
    gone(trainer).await;
    let run = lab
        .run_when("cancelled", |run| run.state == JobState::Cancelled)
        .await;
    assert_eq!(outcomes(&run), [Some(AttemptOutcome::Cancelled)]);
    assert_eq!(run.weights_hash, None);
    crate::lab::until("the folder is empty", async || {
        worker.files().is_empty().then_some(())
    })
    .await;
}
