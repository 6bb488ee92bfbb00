//! Brings an attempt's events to the server in batches, whether or not the server can be reached just now.

mod spool;
pub(crate) mod upload;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mrprism_protocol::id::{Fence, JobId};
use mrprism_protocol::wire::{EventBatch, EventBody};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::spool::Spool;
use crate::client::{Backoff, CallError, Client};

/// How long events gather before they are sent.
const LINGER: Duration = Duration::from_millis(200);

/// Why a relay ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    /// The lease is another attempt's: write nothing more.
    #[error("the lease is gone: {0}")]
    Lease(String),
    /// Trying again would give the same.
    #[error("{0}")]
    Refused(String),
}

impl From<CallError> for Lost {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Conflict(_) | CallError::NotFound(_) => Self::Lease(error.to_string()),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// Takes events from the child's reader; a task of its own sends them.
#[derive(Debug)]
pub(crate) struct Relay {
    shared: Arc<Shared>,
    sender: JoinHandle<Result<(), Lost>>,
}

#[derive(Debug)]
struct Shared {
    spool: Mutex<Spool>,
    wake: Notify,
    closing: AtomicBool,
    lease_lost: CancellationToken,
}

impl Relay {
    /// Starts with an empty buffer in `folder`.
    pub(crate) fn start(
        client: Client,
        (job, fence): (JobId, Fence),
        folder: &Path,
        limit_bytes: u64,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            spool: Mutex::new(Spool::new(folder, limit_bytes)?),
            wake: Notify::new(),
            closing: AtomicBool::new(false),
            lease_lost: CancellationToken::new(),
        });
        let sender = tokio::spawn(deliver(client, job, fence, Arc::clone(&shared)));
        Ok(Self { shared, sender })
    }

    /// Takes one report. A disk that is full costs the report, said in the worker's own log.
    pub(crate) fn push(&self, body: EventBody) {
        if let Err(error) = self.shared.spool().push(body) {
            tracing::error!("buffering an event on disk: {error}");
        }
        self.shared.wake.notify_one();
    }

    /// Adds a line to the run's log.
    pub(crate) fn log(&self, level: &str, message: impl Into<String>) {
        self.push(EventBody::Log {
            level: level.to_owned(),
            message: message.into(),
        });
    }

    /// Waits until the server has said that the lease is gone.
    pub(crate) async fn lease_lost(&self) {
        self.shared.lease_lost.cancelled().await;
    }

    /// Waits until every event is stored.
    ///
    /// # Errors
    /// The lease is gone, or the server refuses an event for good.
    pub(crate) async fn flush(&mut self) -> Result<(), Lost> {
        self.shared.closing.store(true, Ordering::Release);
        self.shared.wake.notify_one();
        match (&mut self.sender).await {
            Ok(result) => result,
            Err(error) => Err(Lost::Refused(format!("sending events ended: {error}"))),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.sender.abort();
    }
}

impl Shared {
    fn spool(&self) -> std::sync::MutexGuard<'_, Spool> {
        // A panic while the buffer was held leaves at worst an event that is sent twice.
        self.spool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn deliver(
    client: Client,
    job: JobId,
    fence: Fence,
    shared: Arc<Shared>,
) -> Result<(), Lost> {
    let disk = |error: std::io::Error| Lost::Refused(format!("reading buffered events: {error}"));
    let mut backoff = Backoff::new();
    loop {
        let events = shared.spool().batch().map_err(disk)?;
        if events.is_empty() {
            if shared.closing.load(Ordering::Acquire) {
                return Ok(());
            }
            shared.wake.notified().await;
            if !shared.closing.load(Ordering::Acquire) {
                tokio::time::sleep(LINGER).await;
            }
            continue;
        }
        let batch = EventBatch { job, fence, events };
        match client.events(&batch).await {
            Ok(reply) => {
                shared
                    .spool()
                    .stored_through(reply.stored_through)
                    .map_err(disk)?;
                backoff = Backoff::new();
            }
            Err(error) if error.is_transient() => {
                tracing::warn!("sending events: {error}; they wait on disk");
                backoff.wait().await;
            }
            Err(error) => {
                let lost = Lost::from(error);
                if matches!(lost, Lost::Lease(_)) {
                    shared.lease_lost.cancel();
                }
                return Err(lost);
            }
        }
    }
}
