//! When the reaper may expire leases: not before every holder had a whole lease to be heard again.
//!
//! While the server or its database was away, no heartbeat could arrive. Expiring leases right after such a gap would
//! requeue every live run. All times here are the database's, as the leases are.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::lease::Intervals;

/// What the reaper remembers between its ticks.
#[derive(Debug, Clone)]
pub struct Grace {
    lease: TimeDelta,
    widest_gap: TimeDelta,
    last_tick: Option<DateTime<Utc>>,
    waits_until: Option<DateTime<Utc>>,
}

impl Grace {
    /// At the server's start, before the first tick.
    pub fn new(intervals: Intervals) -> Self {
        Self {
            lease: delta(intervals.lease),
            widest_gap: delta(intervals.reaper) * 2,
            last_tick: None,
            waits_until: None,
        }
    }

    /// Notes a tick at `now` and says whether leases may be expired in it.
    pub fn tick(&mut self, now: DateTime<Utc>) -> bool {
        let gap = self
            .last_tick
            .is_none_or(|last| now - last > self.widest_gap);
        if gap {
            self.waits_until = Some(now + self.lease);
        }
        self.last_tick = Some(now);
        self.waits_until.is_none_or(|until| now >= until)
    }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{DateTime, TimeDelta};

    use super::Grace;
    use crate::queue::lease::Intervals;

    /// The seconds at which a reaper that ticks at `seconds` may expire leases (lease 60 s, reaper 15 s).
    fn expiring(seconds: &[i64]) -> Vec<i64> {
        let mut grace = Grace::new(Intervals {
            lease: Duration::from_mins(1),
            heartbeat: Duration::from_secs(10),
            reaper: Duration::from_secs(15),
            progress: Duration::from_hours(1),
        });
        seconds
            .iter()
            .copied()
            .filter(|second| grace.tick(DateTime::UNIX_EPOCH + TimeDelta::seconds(*second)))
            .collect()
    }

    #[test]
    fn after_a_start_the_reaper_waits_one_whole_lease() {
        assert_eq!(expiring(&[0, 15, 30, 45, 60, 75]), [60, 75]);
    }

    #[test]
    fn after_a_gap_over_two_intervals_the_reaper_waits_one_whole_lease() {
        let seconds = [0, 15, 30, 45, 60, 200, 215, 230, 245, 260, 275];
        assert_eq!(expiring(&seconds), [60, 260, 275]);
    }

    #[test]
    fn a_late_tick_within_two_intervals_is_no_gap() {
        assert_eq!(expiring(&[0, 30, 60, 90]), [60, 90]);
    }
}
