//! What becomes of a job when an attempt at it has ended.

use std::time::Duration;

use mrprism_protocol::state::{Asked, AttemptOutcome};

use crate::domain::{Charge, History, Next, Terminal};

/// Attempts that infrastructure may end before the job is quarantined: five are tried again, the sixth is not.
pub const INFRASTRUCTURE_RETRIES: u32 = 5;
/// Attempts that may run out of device memory and are tried again.
pub const MEMORY_RETRIES: u32 = 1;
/// The first wait before another attempt; each further one doubles it.
pub const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// No wait is longer.
pub const LONGEST_BACKOFF: Duration = Duration::from_mins(5);

/// Decides. `jitter` is drawn from [0, 1).
pub fn next(outcome: AttemptOutcome, history: &History, jitter: f64) -> Next {
    use AttemptOutcome as Outcome;
    let cancel = history.asked == Some(Asked::Cancel);
    let (charge, before, allowed, spent) = match outcome {
        Outcome::Succeeded => return Next::End(Terminal::Succeeded),
        Outcome::Cancelled => return Next::End(Terminal::Cancelled),
        // What ended by itself before it heard of a wish stays so.
        Outcome::Failed if cancel => return Next::End(Terminal::Failed),
        // Whatever else went wrong: a person wanted it ended, so it is not tried again.
        _ if cancel => return Next::End(Terminal::Cancelled),
        Outcome::Yielded => return again(history, Duration::ZERO, Charge::Nothing),
        Outcome::Failed => (
            Charge::Own,
            history.own_failures,
            history.retries,
            Terminal::Failed,
        ),
        Outcome::OutOfMemory => (
            Charge::Memory,
            history.memory_failures,
            MEMORY_RETRIES,
            Terminal::Failed,
        ),
        Outcome::Infrastructure | Outcome::Lost => (
            Charge::Infrastructure,
            history.infrastructure_failures,
            INFRASTRUCTURE_RETRIES,
            Terminal::Quarantined,
        ),
    };
    if before >= allowed {
        return Next::End(spent);
    }
    again(history, backoff(before, jitter), charge)
}

/// Another attempt: when a person resumes it, where a person paused it, else soon.
fn again(history: &History, after: Duration, charge: Charge) -> Next {
    if history.asked == Some(Asked::Pause) {
        Next::Pause { charge }
    } else {
        Next::Requeue { after, charge }
    }
}

/// Exponential, with up to a half of it left to chance so that jobs lost together do not come back together.
fn backoff(failures_before: u32, jitter: f64) -> Duration {
    let whole = FIRST_BACKOFF
        .saturating_mul(2_u32.saturating_pow(failures_before))
        .min(LONGEST_BACKOFF);
    whole.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mrprism_protocol::state::{Asked, AttemptOutcome};

    use super::{FIRST_BACKOFF, LONGEST_BACKOFF, backoff, next};
    use crate::domain::{Charge, History, Next, Terminal};

    fn after(outcome: AttemptOutcome, infrastructure: u32, memory: u32) -> Next {
        let history = History {
            infrastructure_failures: infrastructure,
            memory_failures: memory,
            ..History::default()
        };
        next(outcome, &history, 0.5)
    }

    #[test]
    fn the_trainers_own_error_is_not_retried() {
        assert_eq!(
            after(AttemptOutcome::Failed, 0, 0),
            Next::End(Terminal::Failed)
        );
    }

    #[test]
    fn the_trainers_own_error_is_retried_as_often_as_its_experiment_asks() {
        let after = |own_failures| {
            let history = History {
                own_failures,
                retries: 2,
                ..History::default()
            };
            next(AttemptOutcome::Failed, &history, 1.0)
        };
        let (first, second) = (FIRST_BACKOFF, FIRST_BACKOFF * 2);
        for (before, wait) in [(0, first), (1, second)] {
            let expected = Next::Requeue {
                after: wait,
                charge: Charge::Own,
            };
            assert_eq!(after(before), expected);
        }
        assert_eq!(after(2), Next::End(Terminal::Failed));
    }

    #[test]
    fn a_paused_job_that_comes_back_waits_for_a_person() {
        use AttemptOutcome::{Failed, Infrastructure, Lost, OutOfMemory, Succeeded, Yielded};
        let history = History {
            asked: Some(Asked::Pause),
            retries: 1,
            ..History::default()
        };
        let charges = [
            (Yielded, Charge::Nothing),
            (Lost, Charge::Infrastructure),
            (Infrastructure, Charge::Infrastructure),
            (OutOfMemory, Charge::Memory),
            (Failed, Charge::Own),
        ];
        for (outcome, charge) in charges {
            assert_eq!(next(outcome, &history, 0.0), Next::Pause { charge });
        }
        // It was quicker than the wish.
        assert_eq!(
            next(Succeeded, &history, 0.0),
            Next::End(Terminal::Succeeded)
        );
    }

    #[test]
    fn out_of_memory_is_retried_once() {
        assert!(matches!(
            after(AttemptOutcome::OutOfMemory, 3, 0),
            Next::Requeue {
                charge: Charge::Memory,
                ..
            }
        ));
        assert_eq!(
            after(AttemptOutcome::OutOfMemory, 0, 1),
            Next::End(Terminal::Failed)
        );
    }

    #[test]
    fn a_lost_worker_is_retried_five_times_and_then_quarantined() {
        for outcome in [AttemptOutcome::Lost, AttemptOutcome::Infrastructure] {
            for before in 0..5 {
                assert!(
                    matches!(
                        after(outcome, before, 1),
                        Next::Requeue {
                            charge: Charge::Infrastructure,
                            ..
                        }
                    ),
                    "{outcome} after {before}"
                );
            }
            assert_eq!(after(outcome, 5, 0), Next::End(Terminal::Quarantined));
        }
    }

    #[test]
    fn a_yielded_job_waits_for_nothing_and_is_charged_nothing() {
        assert_eq!(
            after(AttemptOutcome::Yielded, 5, 1),
            Next::Requeue {
                after: Duration::ZERO,
                charge: Charge::Nothing
            }
        );
    }

    #[test]
    fn a_job_that_a_person_wants_ended_is_not_tried_again() {
        use AttemptOutcome::{
            Cancelled, Failed, Infrastructure, Lost, OutOfMemory, Succeeded, Yielded,
        };
        let history = History {
            asked: Some(Asked::Cancel),
            retries: 1,
            ..History::default()
        };
        for outcome in [Lost, Infrastructure, OutOfMemory, Yielded, Cancelled] {
            assert_eq!(
                next(outcome, &history, 0.0),
                Next::End(Terminal::Cancelled),
                "{outcome}"
            );
        }
        // It ended by itself before it heard of the wish.
        assert_eq!(
            next(Succeeded, &history, 0.0),
            Next::End(Terminal::Succeeded)
        );
        assert_eq!(next(Failed, &history, 0.0), Next::End(Terminal::Failed));
    }

    #[test]
    fn backoff_is_exponential_with_jitter_and_a_limit() {
        assert_eq!(backoff(0, 1.0), FIRST_BACKOFF);
        assert_eq!(backoff(0, 0.0), FIRST_BACKOFF / 2);
        assert_eq!(backoff(3, 1.0), FIRST_BACKOFF * 8);
        assert_eq!(backoff(60, 1.0), LONGEST_BACKOFF);
    }
}
