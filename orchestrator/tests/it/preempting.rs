//! Preemption: an urgent job gets the device of one that may be stopped, which goes on from its checkpoint later.

use mrprism_orchestrator::reconcile::preempt;
use mrprism_protocol::state::{AttemptOutcome, Command, JobState};

use crate::support::{Server, Worker, bundle_on};

fn queue(name: &str, seeds: u64, table: &str) -> mrprism_protocol::spec::Bundle {
    bundle_on("phantom", name, seeds, &format!("[queue]\n{table}\n"))
}

#[tokio::test]
async fn a_preemptible_run_gives_its_device_to_a_more_urgent_one_and_goes_on_later() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server
        .submit(&queue("patient", 2, "preemptible = true"))
        .await;
    let claim = worker.claim().await.unwrap();
    // Days of waiting put the other patient run far ahead in the queue, and preempt nobody.
    server.pass(50 * 3600).await;
    worker.beat(&[&claim]).await;
    assert_eq!(preempt(server.app()).await.unwrap(), []);

    server.submit(&queue("urgent", 1, "priority = 5")).await;
    let done = preempt(server.app()).await.unwrap();
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].victim, claim.job);
    assert_eq!(
        preempt(server.app()).await.unwrap(),
        [],
        "one stops for one"
    );
    assert_eq!(worker.command(&claim).await, Command::Yield);
    worker.finish(&claim, AttemptOutcome::Yielded).await;

    let urgent = worker.claim().await.unwrap();
    assert_eq!(urgent.experiment_name, "urgent");
    worker.finish(&urgent, AttemptOutcome::Succeeded).await;
    let again = worker.claim().await.unwrap();
    assert_eq!((again.job, again.attempt_number), (claim.job, 2));
    let run = &server.runs("patient").await[0];
    assert_eq!(run.state, JobState::Leased);

    // It has just been stopped: for thirty minutes nobody may stop it again.
    server.submit(&queue("urgent-too", 1, "priority = 5")).await;
    server.pass(25 * 60).await;
    worker.beat(&[&again]).await;
    assert_eq!(preempt(server.app()).await.unwrap(), []);
    server.pass(6 * 60).await;
    worker.beat(&[&again]).await;
    assert_eq!(preempt(server.app()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_free_device_or_a_firm_run_is_left_alone() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server
        .submit(&queue("firm", 1, "preemptible = false"))
        .await;
    let firm = worker.claim().await.unwrap();
    server.submit(&queue("urgent", 1, "priority = 5")).await;
    server.pass(3600).await;
    worker.beat(&[&firm]).await;
    assert_eq!(preempt(server.app()).await.unwrap(), []);
}
