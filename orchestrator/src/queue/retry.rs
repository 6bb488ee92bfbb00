//! What becomes of a job when an attempt at it has ended.

use std::time::Duration;

use mrprism_protocol::state::AttemptOutcome;

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
    match outcome {
        Outcome::Succeeded => Next::End(Terminal::Succeeded),
        Outcome::Failed => Next::End(Terminal::Failed),
        Outcome::Cancelled => Next::End(Terminal::Cancelled),
        // Whatever else went wrong: a person wanted it ended, so it is not tried again.
        _ if history.cancel_requested => Next::End(Terminal::Cancelled),
        Outcome::Yielded => Next::Requeue {
            after: Duration::ZERO,
            charge: Charge::Nothing,
        },
        Outcome::OutOfMemory if history.memory_failures >= MEMORY_RETRIES => {
            Next::End(Terminal::Failed)
        }
        Outcome::OutOfMemory => Next::Requeue {
            after: backoff(history.memory_failures, jitter),
            charge: Charge::Memory,
        },
        Outcome::Infrastructure | Outcome::Lost
            if history.infrastructure_failures >= INFRASTRUCTURE_RETRIES =>
        {
            Next::End(Terminal::Quarantined)
        }
        Outcome::Infrastructure | Outcome::Lost => Next::Requeue {
            after: backoff(history.infrastructure_failures, jitter),
            charge: Charge::Infrastructure,
        },
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

    use mrprism_protocol::state::AttemptOutcome;

    use super::{FIRST_BACKOFF, LONGEST_BACKOFF, backoff, next};
    use crate::domain::{Charge, History, Next, Terminal};

    fn after(outcome: AttemptOutcome, infrastructure: u32, memory: u32) -> Next {
        let history = History {
            infrastructure_failures: infrastructure,
            memory_failures: memory,
            cancel_requested: false,
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
            cancel_requested: true,
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
