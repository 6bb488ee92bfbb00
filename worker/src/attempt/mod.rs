//! One attempt, from the claim to the finish: a folder, a child, its events and files on their way, one last word.

pub(crate) mod folder;
mod safetensors;

use std::sync::Arc;
use std::time::Duration;

use mrprism_protocol::state::{AttemptOutcome, Command, JobKind};
use mrprism_protocol::wire::{Claim, DeviceOffer, Finish};

use self::folder::{RunFolder, cache, weights};
use crate::child::message::{ChildCommand, ChildJob, ChildLine, LastWord};
use crate::child::process::{ChildProcess, Ending, Said};
use crate::client::{Backoff, CallError};
use crate::lease::{Lease, asked};
use crate::leftovers::ChildRecord;
use crate::relay::upload::Uploads;
use crate::relay::{Lost, Relay};
use crate::supervise::Worker;

/// How long a child may take to obey a cancellation before it is ended.
const CANCEL_GRACE: Duration = Duration::from_secs(20);

/// How an attempt ended, for this worker.
enum End {
    /// It is to be reported.
    Word(LastWord),
    /// The lease is another's: nothing is to be said.
    Abandoned,
}

/// Works on a claim until its end has been reported or its lease is gone.
pub(crate) async fn run(worker: &Arc<Worker>, claim: Claim, device: &DeviceOffer) {
    let lease = worker.leases.hold(&claim);
    let folder = match RunFolder::create(&worker.settings.home, claim.run, claim.attempt) {
        Ok(folder) => folder,
        Err(error) => return give_up(worker, &lease, format!("{error:#}")).await,
    };
    let relay = Relay::start(
        worker.client.clone(),
        lease.key(),
        &folder.spool(),
        worker.settings.buffer_mib << 20,
    );
    let mut relay = match relay {
        Ok(relay) => relay,
        Err(error) => return give_up(worker, &lease, format!("buffering events: {error}")).await,
    };
    let mut uploads = Uploads::start(
        worker.client.clone(),
        lease.key(),
        folder.path(),
        worker.settings.upload_interval,
    );

    let end = match work(
        worker,
        &claim,
        device,
        &lease,
        &folder,
        &relay,
        &mut uploads,
    )
    .await
    {
        Ok(end) => end,
        Err(error) => End::Word(LastWord::without_result(
            AttemptOutcome::Infrastructure,
            format!("{error:#}"),
        )),
    };
    let outcome = match end {
        End::Word(word) => report(worker, &lease, word, &mut relay, &uploads).await,
        End::Abandoned => None,
    };
    drop((relay, uploads));
    folder.drop_spool();
    match outcome {
        // What was scored lies with the server, and the training's own folder stays.
        Some(AttemptOutcome::Succeeded) if claim.kind == JobKind::Score => folder.discard(),
        Some(AttemptOutcome::Succeeded) => folder.keep_results(),
        Some(AttemptOutcome::Cancelled) => folder.discard(),
        // The checkpoint of any other end may be gone on from.
        Some(outcome) => tracing::info!("attempt ended: {outcome}"),
        None => tracing::warn!(
            "the lease of job {} is gone: nothing more is written",
            claim.job
        ),
    }
}

/// Takes over what is there, starts the child and stays with it until it has ended.
async fn work(
    worker: &Arc<Worker>,
    claim: &Claim,
    device: &DeviceOffer,
    lease: &Lease,
    folder: &RunFolder,
    relay: &Relay,
    uploads: &mut Uploads,
) -> anyhow::Result<End> {
    if !matches!(claim.kind, JobKind::Train | JobKind::Score) {
        let message = format!("this worker does not know jobs of kind '{}'", claim.kind);
        return Ok(End::Word(LastWord::without_result(
            AttemptOutcome::Failed,
            message,
        )));
    }
    let name = &claim.spec.dataset.name;
    let Some(data) = worker.holdings.place(name) else {
        let message = format!("this worker does not hold data set '{name}' any more");
        return Ok(End::Word(LastWord::without_result(
            AttemptOutcome::Infrastructure,
            message,
        )));
    };
    let mut commands = lease.commands();
    tokio::select! {
        taken = take_over(worker, claim, folder) => taken?,
        _ = asked(&mut commands, Command::Abandon) => return Ok(End::Abandoned),
        () = worker.shutdown.cancelled() => return Ok(End::Word(LastWord::without_result(
            AttemptOutcome::Yielded,
            "the worker was shutting down",
        ))),
    }
    let job = ChildJob {
        kind: claim.kind,
        run: Some(claim.run),
        attempt: Some(claim.attempt),
        spec: claim.spec.clone(),
        seed: claim.seed,
        fold: claim.fold,
        data,
        device_kind: device.kind,
        device_index: device.index,
        threads: device.threads,
        cache: cache(&worker.settings.home),
        out: folder.path().to_owned(),
        weights: weights(&worker.settings.home),
        checkpoint_seconds: worker.settings.checkpoint_interval.as_secs_f64(),
    };
    let mut child = ChildProcess::start(&job).await?;
    let end = attend(worker, lease, &mut child, relay, uploads).await;
    ChildRecord::remove(folder.path());
    if let End::Word(word) = &end
        && word.data_differ
    {
        worker.index_holdings().await;
    }
    Ok(end)
}

/// A training goes on from a checkpoint; a scoring needs the files that it scores.
async fn take_over(worker: &Worker, claim: &Claim, folder: &RunFolder) -> anyhow::Result<()> {
    match claim.kind {
        JobKind::Score => folder.fetch_predictions(&worker.client, claim.run).await,
        _ => folder.take_over(&worker.client, claim).await,
    }
}

/// Hears what the child says and passes commands on, until it has ended.
async fn attend(
    worker: &Worker,
    lease: &Lease,
    child: &mut ChildProcess,
    relay: &Relay,
    uploads: &mut Uploads,
) -> End {
    let mut commands = lease.commands();
    let mut told = Command::Continue;
    let mut word = None;
    let deadline = tokio::time::sleep(Duration::MAX);
    tokio::pin!(deadline);
    loop {
        let next = match told {
            Command::Continue => Command::Yield,
            Command::Yield => Command::Cancel,
            Command::Cancel | Command::Abandon => Command::Abandon,
        };
        tokio::select! {
            said = child.hear() => match said {
                Some(Said::Line(ChildLine::Event { body })) => relay.push(body),
                Some(Said::Line(ChildLine::File { artifact, path, name })) => {
                    uploads.note(artifact, path, name);
                }
                Some(Said::Line(ChildLine::Ended(last))) => word = Some(last),
                Some(Said::Stderr(line)) => relay.log("warn", line),
                None => break,
            },
            command = asked(&mut commands, next) => {
                told = command;
                match command {
                    Command::Yield => child.tell(ChildCommand::Yield).await,
                    Command::Cancel => {
                        child.tell(ChildCommand::Cancel).await;
                        deadline.as_mut().reset(tokio::time::Instant::now() + CANCEL_GRACE);
                    }
                    Command::Abandon => child.kill(),
                    Command::Continue => {}
                }
            }
            () = worker.shutdown.cancelled(), if told == Command::Continue => {
                told = Command::Yield;
                child.tell(ChildCommand::Yield).await;
            }
            () = relay.lease_lost(), if told != Command::Abandon => {
                told = Command::Abandon;
                child.kill();
            }
            () = &mut deadline, if told == Command::Cancel => child.kill(),
        }
    }
    let ending = child.wait().await;
    match told {
        Command::Abandon => End::Abandoned,
        _ => End::Word(word.unwrap_or_else(|| silent_end(told, &ending))),
    }
}

/// What is to be reported of a child that ended without a last word.
fn silent_end(told: Command, ending: &Ending) -> LastWord {
    if told == Command::Cancel {
        return LastWord::without_result(AttemptOutcome::Cancelled, "cancelled");
    }
    if ending.is_out_of_memory() {
        return LastWord::without_result(
            AttemptOutcome::OutOfMemory,
            "the kernel ended the trainer for want of memory: give a smaller train.batch or size",
        );
    }
    LastWord::without_result(
        AttemptOutcome::Infrastructure,
        format!("the trainer ended without a last word ({ending})"),
    )
}

/// Brings events, files and the last word to the server, for as long as the grace lasts. Returns the outcome that
/// was reported; none where the lease is gone.
async fn report(
    worker: &Worker,
    lease: &Lease,
    word: LastWord,
    relay: &mut Relay,
    uploads: &Uploads,
) -> Option<AttemptOutcome> {
    let deliver = async {
        let sent = match word.outcome {
            AttemptOutcome::Succeeded => uploads.finish().await,
            AttemptOutcome::Yielded => uploads.checkpoint().await,
            _ => Ok(()),
        };
        // The log of an attempt whose files were refused is worth having.
        let flushed = relay.flush().await;
        let word = match sent.and(flushed) {
            Ok(()) => word,
            Err(Lost::Lease(detail)) => {
                tracing::warn!("{detail}");
                return None;
            }
            Err(Lost::Refused(detail)) => {
                LastWord::without_result(AttemptOutcome::Infrastructure, detail)
            }
        };
        let outcome = word.outcome;
        finish(worker, lease, word).await.then_some(outcome)
    };
    let mut commands = lease.commands();
    tokio::select! {
        outcome = tokio::time::timeout(worker.settings.finish_grace, deliver) => {
            outcome.unwrap_or_else(|_| {
                tracing::error!("the server did not answer within the grace: the result stays in the run folder");
                None
            })
        }
        _ = asked(&mut commands, Command::Abandon) => None,
    }
}

/// Whether the server took the last word.
async fn finish(worker: &Worker, lease: &Lease, word: LastWord) -> bool {
    let (job, fence) = lease.key();
    let finish = Finish {
        job,
        fence,
        outcome: word.outcome,
        message: word.message,
        weights_hash: word.weights_hash,
        train_seconds: word.train_seconds,
    };
    let mut backoff = Backoff::new();
    loop {
        match worker.client.finish(&finish).await {
            Ok(()) => return true,
            Err(CallError::Conflict(detail) | CallError::NotFound(detail)) => {
                tracing::warn!("finish: {detail}");
                return false;
            }
            Err(error) => tracing::warn!("finish: {error}; trying again"),
        }
        backoff.wait().await;
    }
}

/// Ends an attempt that could not even begin.
async fn give_up(worker: &Worker, lease: &Lease, message: String) {
    tracing::error!("{message}");
    let word = LastWord::without_result(AttemptOutcome::Infrastructure, message);
    // The server's word on it is not needed: without one the lease runs out.
    let _ = tokio::time::timeout(worker.settings.finish_grace, finish(worker, lease, word)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_dies_silently_is_the_infrastructures_fault_unless_it_was_cancelled() {
        use std::os::unix::process::ExitStatusExt;
        let ending = Ending::new(std::process::ExitStatus::from_raw(libc::SIGKILL), false);
        assert_eq!(
            silent_end(Command::Continue, &ending).outcome,
            AttemptOutcome::Infrastructure
        );
        assert_eq!(
            silent_end(Command::Cancel, &ending).outcome,
            AttemptOutcome::Cancelled
        );
        let ending = Ending::new(std::process::ExitStatus::from_raw(libc::SIGKILL), true);
        assert_eq!(
            silent_end(Command::Continue, &ending).outcome,
            AttemptOutcome::OutOfMemory
        );
    }
}
