//! Which of two waiting jobs is first: priority, then age, with aging so that nothing starves.
//!
//! A job gains one priority for every [`AGING`] it waits. All jobs age alike, so that the order of two waiting jobs
//! never changes, and a job's place can be written once: the time it was queued, moved ahead by its priority.

use chrono::TimeDelta;

use crate::domain::Candidate;

/// Waiting this long is worth one priority.
pub const AGING: TimeDelta = TimeDelta::hours(1);

/// How far ahead of its time of queueing a job of this priority stands.
pub fn head_start(priority: i32) -> TimeDelta {
    AGING * priority
}

/// Sorts candidates so that the first is to be served first.
pub fn sort(candidates: &mut [Candidate]) {
    candidates.sort_by_key(|candidate| (candidate.place, candidate.job));
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::{AGING, head_start, sort};
    use crate::queue::match_worker::tests::candidate;

    /// The names of jobs (name, priority, hour of queueing) in order of service.
    fn served(jobs: &[(u128, i32, i32)]) -> Vec<u128> {
        let mut candidates: Vec<_> = jobs
            .iter()
            .map(|(name, priority, hour)| {
                let mut candidate = candidate();
                candidate.job = uuid::Uuid::from_u128(*name).into();
                candidate.place =
                    DateTime::UNIX_EPOCH + TimeDelta::hours(1) * *hour - head_start(*priority);
                candidate
            })
            .collect();
        sort(&mut candidates);
        candidates.iter().map(|c| c.job.0.as_u128()).collect()
    }

    #[test]
    fn higher_priority_is_first() {
        assert_eq!(served(&[(1, 0, 0), (2, 5, 0), (3, -1, 0)]), [2, 1, 3]);
    }

    #[test]
    fn among_equal_priorities_the_older_is_first() {
        assert_eq!(served(&[(1, 3, 2), (2, 3, 0), (3, 3, 1)]), [2, 3, 1]);
    }

    #[test]
    fn aging_lets_nothing_starve() {
        // A job of priority 0 queued at hour 0 goes before any job of priority 5 queued more than five hours later.
        assert_eq!(served(&[(1, 5, 6), (2, 0, 0)]), [2, 1]);
        assert_eq!(served(&[(1, 5, 4), (2, 0, 0)]), [1, 2]);
        assert_eq!(head_start(1), AGING);
    }

    #[test]
    fn a_tie_is_broken_the_same_way_every_time() {
        assert_eq!(served(&[(2, 0, 0), (1, 0, 0)]), [1, 2]);
    }
}
