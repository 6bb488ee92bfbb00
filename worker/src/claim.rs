//! Asking for work: one loop a device, one job at a time.

use std::sync::Arc;

use mrprism_protocol::state::AttemptOutcome;
use mrprism_protocol::wire::{Claim, ClaimRequest, DeviceOffer, Finish};
use uuid::Uuid;

use crate::attempt;
use crate::client::{Backoff, CallError};
use crate::supervise::Worker;

/// Longest wait of one call.
const WAIT_SECONDS: u32 = 25;

/// Claims and works until the worker shuts down.
///
/// # Errors
/// The server refuses this worker for good.
pub(crate) async fn work(worker: Arc<Worker>, device: DeviceOffer) -> anyhow::Result<()> {
    let mut drain = worker.leases.drain();
    while !worker.shutdown.is_cancelled() {
        if *drain.borrow_and_update() {
            tokio::select! {
                _ = drain.changed() => {}
                () = worker.shutdown.cancelled() => {}
            }
            continue;
        }
        if let Some(claim) = next(&worker, &device).await? {
            tracing::info!(
                "attempt {} of {}/{} seed {} on {} {}",
                claim.attempt_number,
                claim.experiment_name,
                claim.arm,
                claim.seed,
                device.kind,
                device.index
            );
            attempt::run(&worker, claim, &device).await;
        }
    }
    Ok(())
}

/// The next job; none when the wait was over or the worker shuts down.
async fn next(worker: &Worker, device: &DeviceOffer) -> anyhow::Result<Option<Claim>> {
    // One nonce a claim, also over retries: an answer that was lost on its way is given again.
    let request = ClaimRequest {
        worker: worker.id,
        device_kind: device.kind,
        device_index: device.index,
        nonce: Uuid::now_v7(),
        wait_seconds: WAIT_SECONDS,
    };
    tokio::select! {
        claim = ask(worker, &request) => claim,
        () = worker.shutdown.cancelled() => {
            give_back(worker, &request).await;
            Ok(None)
        }
    }
}

async fn ask(worker: &Worker, request: &ClaimRequest) -> anyhow::Result<Option<Claim>> {
    let mut backoff = Backoff::new();
    loop {
        match worker.client.claim(request).await {
            Ok(claim) => return Ok(claim),
            Err(CallError::NotFound(_)) => {
                if let Err(error) = worker.register().await
                    && !error.is_transient()
                {
                    return Err(error.into());
                }
            }
            // The job was granted, the answer was lost, and by the time of this call the lease had run out. What the nonce
            // stood for is another's: the next call has a nonce of its own.
            Err(CallError::Conflict(detail)) => {
                tracing::warn!("asking for work: {detail}");
                return Ok(None);
            }
            Err(error) if error.is_transient() => tracing::warn!("asking for work: {error}"),
            Err(error) => return Err(error.into()),
        }
        backoff.wait().await;
    }
}

/// The call that was broken off may have been granted: asked again without waiting, a granted job is given back
/// rather than left to run out.
async fn give_back(worker: &Worker, request: &ClaimRequest) {
    let request = ClaimRequest {
        wait_seconds: 0,
        ..request.clone()
    };
    let Ok(Some(claim)) = worker.client.claim(&request).await else {
        return;
    };
    let finish = Finish {
        job: claim.job,
        fence: claim.fence,
        outcome: AttemptOutcome::Yielded,
        message: Some("the worker was shutting down".to_owned()),
        weights_hash: None,
        train_seconds: None,
    };
    if let Err(error) = worker.client.finish(&finish).await {
        tracing::warn!("giving a job back: {error}");
    }
}
