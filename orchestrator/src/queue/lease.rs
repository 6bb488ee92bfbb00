//! How long a lease lasts, and what its holder is told.

use std::time::Duration;

use mrprism_protocol::state::{Asked, Command};

/// The intervals that keep leases honest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intervals {
    /// A lease ends this long after the last heartbeat.
    pub lease: Duration,
    /// Workers send heartbeats this often.
    pub heartbeat: Duration,
    /// The reaper looks this often.
    pub reaper: Duration,
    /// A trainer that reports nothing new for this long is taken for hung, where its experiment says nothing else.
    pub progress: Duration,
}

/// Why a set of intervals cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    /// A lease must survive two lost heartbeats.
    #[error(
        "a lease of {lease:?} with a heartbeat every {heartbeat:?} ends after a single lost heartbeat: give a lease of at least three heartbeats"
    )]
    LeaseTooShort {
        /// The lease.
        lease: Duration,
        /// The heartbeat.
        heartbeat: Duration,
    },
    /// Nothing happens in no time.
    #[error("lease, heartbeat, reaper and progress intervals must be longer than 0 s")]
    Zero,
}

impl Intervals {
    /// Refuses intervals under which healthy workers would lose their leases.
    pub fn check(self) -> Result<Self, Impossible> {
        if [self.lease, self.heartbeat, self.reaper, self.progress]
            .iter()
            .any(Duration::is_zero)
        {
            return Err(Impossible::Zero);
        }
        if self.lease < self.heartbeat * 3 {
            return Err(Impossible::LeaseTooShort {
                lease: self.lease,
                heartbeat: self.heartbeat,
            });
        }
        Ok(self)
    }
}

/// What a heartbeat found for one of the leases it named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The attempt is live and its lease has been renewed. That it had run out in between is no matter: until the reaper
    /// ends the attempt nobody else can hold it.
    Live {
        /// What its holder is to do.
        asked: Option<Asked>,
    },
    /// No live attempt has that job and fence, or it is another worker's.
    Gone,
}

/// What to tell the worker.
pub const fn command(found: Found) -> Command {
    match found {
        Found::Live { asked: None } => Command::Continue,
        Found::Live {
            asked: Some(Asked::Pause | Asked::Preempt),
        } => Command::Yield,
        Found::Live {
            asked: Some(Asked::Cancel),
        } => Command::Cancel,
        Found::Gone => Command::Abandon,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mrprism_protocol::state::{Asked, Command};

    use super::{Found, Impossible, Intervals, command};

    #[test]
    fn the_holder_is_told_to_go_on_yield_cancel_or_abandon() {
        let live = |asked| Found::Live { asked };
        assert_eq!(command(live(None)), Command::Continue);
        assert_eq!(command(live(Some(Asked::Pause))), Command::Yield);
        assert_eq!(command(live(Some(Asked::Preempt))), Command::Yield);
        assert_eq!(command(live(Some(Asked::Cancel))), Command::Cancel);
        assert_eq!(command(Found::Gone), Command::Abandon);
    }

    #[test]
    fn a_lease_outlives_two_lost_heartbeats() {
        let check = |lease, heartbeat| {
            Intervals {
                lease: Duration::from_secs(lease),
                heartbeat: Duration::from_secs(heartbeat),
                reaper: Duration::from_secs(15),
                progress: Duration::from_hours(1),
            }
            .check()
        };
        assert!(check(60, 10).is_ok());
        assert!(check(30, 10).is_ok());
        assert!(matches!(
            check(29, 10),
            Err(Impossible::LeaseTooShort { .. })
        ));
        assert_eq!(check(60, 0), Err(Impossible::Zero));
    }
}
