//! Heartbeats: all of this worker's leases in one call, beside the work, and the commands that come back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mrprism_protocol::id::{Fence, JobId};
use mrprism_protocol::state::Command;
use mrprism_protocol::wire::{Claim, Heartbeat, LeaseBeat};
use tokio::sync::{Notify, watch};

use crate::client::CallError;
use crate::supervise::Worker;

/// The leases that this worker holds.
#[derive(Debug)]
pub(crate) struct Leases {
    held: Mutex<BTreeMap<JobId, Held>>,
    changed: Notify,
    interval: Mutex<Duration>,
    /// Set while the server wants nothing more to be claimed.
    drain: watch::Sender<bool>,
}

#[derive(Debug)]
struct Held {
    fence: Fence,
    command: watch::Sender<Command>,
}

/// One lease, renewed until this is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    leases: Arc<Leases>,
    job: JobId,
    fence: Fence,
    command: watch::Receiver<Command>,
}

impl Leases {
    /// No lease yet, heartbeats every `interval`.
    pub(crate) fn new(interval: Duration) -> Arc<Self> {
        Arc::new(Self {
            held: Mutex::default(),
            changed: Notify::new(),
            interval: Mutex::new(interval),
            drain: watch::Sender::new(false),
        })
    }

    /// Renews the claim's lease from now on, at the server's own rhythm.
    pub(crate) fn hold(self: &Arc<Self>, claim: &Claim) -> Lease {
        let (sender, command) = watch::channel(Command::Continue);
        let held = Held {
            fence: claim.fence,
            command: sender,
        };
        lock(&self.held).insert(claim.job, held);
        if let Ok(interval) = Duration::try_from_secs_f64(claim.heartbeat_seconds) {
            *lock(&self.interval) = interval.max(Duration::from_millis(50));
        }
        self.changed.notify_one();
        Lease {
            leases: Arc::clone(self),
            job: claim.job,
            fence: claim.fence,
            command,
        }
    }

    /// Sends the next heartbeat now.
    pub(crate) fn beat_now(&self) {
        self.changed.notify_one();
    }

    /// Whether the server wants nothing more to be claimed.
    pub(crate) fn drain(&self) -> watch::Receiver<bool> {
        self.drain.subscribe()
    }

    fn beats(&self) -> Vec<LeaseBeat> {
        let held = lock(&self.held);
        held.iter()
            .map(|(job, held)| LeaseBeat {
                job: *job,
                fence: held.fence,
            })
            .collect()
    }

    fn command(&self, job: JobId, fence: Fence, command: Command) {
        if let Some(held) = lock(&self.held)
            .get(&job)
            .filter(|held| held.fence == fence)
        {
            held.command.send_if_modified(|current| {
                let stronger = strength(command) > strength(*current);
                if stronger {
                    *current = command;
                }
                stronger
            });
        }
    }
}

impl Lease {
    /// Whom every write names.
    pub(crate) fn key(&self) -> (JobId, Fence) {
        (self.job, self.fence)
    }

    /// What the server asks of this attempt; it only ever grows in strength.
    pub(crate) fn commands(&self) -> watch::Receiver<Command> {
        self.command.clone()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut held = lock(&self.leases.held);
        if held
            .get(&self.job)
            .is_some_and(|held| held.fence == self.fence)
        {
            held.remove(&self.job);
        }
    }
}

/// Waits until the server asks for `wanted` or something stronger.
pub(crate) async fn asked(commands: &mut watch::Receiver<Command>, wanted: Command) -> Command {
    let asked = commands
        .wait_for(|command| strength(*command) >= strength(wanted))
        .await
        .map(|command| *command)
        .ok();
    match asked {
        Some(command) => command,
        // The sender lives as long as the lease; without one nothing is asked any more.
        None => std::future::pending().await,
    }
}

/// Sends heartbeats for ever.
pub(crate) async fn keep(worker: Arc<Worker>) {
    let leases = Arc::clone(&worker.leases);
    let mut failed = false;
    loop {
        let interval = *lock(&leases.interval);
        // After a failure the next try comes sooner: a lease lasts several intervals, not many.
        let pause = if failed { interval / 4 } else { interval };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = leases.changed.notified(), if !failed => {}
        }
        failed = beat(&worker, interval).await.is_err();
    }
}

async fn beat(worker: &Worker, interval: Duration) -> Result<(), ()> {
    let leases = &worker.leases;
    let news = worker.holdings.news();
    let beat = Heartbeat {
        worker: worker.id,
        leases: leases.beats(),
        datasets: news.as_ref().map(|news| news.cards.clone()),
    };
    match worker
        .client
        .heartbeat(&beat, interval.max(Duration::from_secs(2)))
        .await
    {
        Ok(reply) => {
            if let Some(news) = news {
                worker.holdings.told(news.version);
            }
            for lease in reply.leases {
                leases.command(lease.job, lease.fence, lease.command);
            }
            leases.drain.send_if_modified(|drain| {
                let changed = *drain != reply.drain;
                *drain = reply.drain;
                changed
            });
            Ok(())
        }
        Err(CallError::NotFound(_)) => {
            tracing::warn!("the server does not know this worker any more: registering again");
            worker.register().await.map_err(|error| {
                tracing::warn!("registering again: {error}");
            })
        }
        Err(CallError::Conflict(detail)) => {
            tracing::warn!("heartbeat refused: {detail}");
            for lease in &beat.leases {
                leases.command(lease.job, lease.fence, Command::Abandon);
            }
            Ok(())
        }
        Err(error) => {
            tracing::warn!("heartbeat: {error}");
            Err(())
        }
    }
}

fn strength(command: Command) -> u8 {
    match command {
        Command::Continue => 0,
        Command::Yield => 1,
        Command::Cancel => 2,
        Command::Abandon => 3,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing panics while these are held; a value of before such a panic would still be whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use mrprism_protocol::state::Command;

    use super::*;

    fn held(leases: &Arc<Leases>, job: JobId, fence: Fence) -> Lease {
        let (sender, command) = watch::channel(Command::Continue);
        lock(&leases.held).insert(
            job,
            Held {
                fence,
                command: sender,
            },
        );
        Lease {
            leases: Arc::clone(leases),
            job,
            fence,
            command,
        }
    }

    #[tokio::test]
    async fn a_command_reaches_its_own_fence_only_and_never_weakens() {
        let leases = Leases::new(Duration::from_secs(1));
        let job = JobId(uuid::Uuid::now_v7());
        let lease = held(&leases, job, Fence(2));
        leases.command(job, Fence(1), Command::Abandon);
        assert_eq!(*lease.commands().borrow(), Command::Continue);
        leases.command(job, Fence(2), Command::Cancel);
        leases.command(job, Fence(2), Command::Yield);
        let mut commands = lease.commands();
        assert_eq!(asked(&mut commands, Command::Yield).await, Command::Cancel);
    }

    #[test]
    fn a_dropped_lease_is_not_renewed_but_its_successor_is() {
        let leases = Leases::new(Duration::from_secs(1));
        let job = JobId(uuid::Uuid::now_v7());
        let old = held(&leases, job, Fence(1));
        let new = held(&leases, job, Fence(2));
        drop(old);
        let fence = Fence(2);
        assert_eq!(leases.beats(), [LeaseBeat { job, fence }]);
        drop(new);
        assert!(leases.beats().is_empty());
    }
}
