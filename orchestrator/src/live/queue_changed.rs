//! `queue changed`: wakes the claimers of every server on the database. Polling stays the truth.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::db::channel;

/// Changes within this time are announced once.
const DEBOUNCE: Duration = Duration::from_millis(20);
/// Between attempts to listen while the database is away.
const PATIENCE: Duration = Duration::from_secs(1);

/// Says and hears that something may be claimable.
#[derive(Debug, Clone)]
pub struct QueueChanged {
    said: Arc<Notify>,
    heard: watch::Sender<u64>,
}

impl Default for QueueChanged {
    fn default() -> Self {
        Self {
            said: Arc::new(Notify::new()),
            heard: watch::Sender::new(0),
        }
    }
}

impl QueueChanged {
    /// Says that something changed; returns at once.
    pub fn say(&self) {
        self.said.notify_one();
    }

    /// Hears of changes from now on.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.heard.subscribe()
    }

    /// Announces what is said, until `shutdown`.
    pub async fn announce(self, pool: PgPool, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.said.notified() => {}
            }
            tokio::time::sleep(DEBOUNCE).await;
            if let Err(error) = channel::announce(&pool).await {
                tracing::debug!(%error, "no announcement: claimers find out by polling");
            }
        }
    }

    /// Passes on what is announced, until `shutdown`; connects anew when the connection is lost.
    pub async fn listen(self, pool: PgPool, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let heard = tokio::select! {
                () = shutdown.cancelled() => return,
                heard = self.pass_on(&pool) => heard,
            };
            if let Err(error) = heard {
                tracing::debug!(%error, "not listening: claimers find out by polling");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(PATIENCE) => {}
            }
        }
    }

    async fn pass_on(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let mut listener = channel::listen(pool).await?;
        loop {
            // `None` is a lost connection, which the listener mends: something may have been missed, so wake all.
            listener.try_recv().await?;
            self.heard.send_modify(|times| *times += 1);
        }
    }
}
