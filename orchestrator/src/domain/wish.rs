//! What people wish of open jobs, and what that means for a job in each state.

use mrprism_protocol::id::JobId;
use mrprism_protocol::state::{Asked, JobState};

/// A job that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenJob {
    /// The job.
    pub id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// What its holder was asked before.
    pub asked: Option<Asked>,
}

/// What a person wants of a run, or of every run of an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// End it.
    Cancel,
    /// Stop it at a checkpoint, and let it wait.
    Pause,
    /// Let what is at work go on to its end, and begin nothing more.
    Drain,
    /// Go on.
    Resume,
}

/// What a wish makes of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nobody works on it: its state changes now.
    Become(JobState),
    /// The lease's holder is asked for this; or for nothing any more.
    Ask(Option<Asked>),
    /// The wish is fulfilled, or comes too late.
    Nothing,
}

/// What `wish` means for these jobs, those of one answer together.
pub fn answers(wish: Wish, open: &[OpenJob]) -> Vec<(Answer, Vec<JobId>)> {
    let mut answers: Vec<(Answer, Vec<JobId>)> = Vec::new();
    for job in open {
        let answer = answer(wish, job.state, job.asked);
        match answers.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, jobs)) => jobs.push(job.id),
            None => answers.push((answer, vec![job.id])),
        }
    }
    answers
}

/// What `wish` means for a job in this state, whose holder was asked for this before.
pub const fn answer(wish: Wish, state: JobState, asked: Option<Asked>) -> Answer {
    use JobState::{Blocked, Cancelled, Leased, Paused, Queued};
    match (wish, state) {
        (Wish::Cancel, Blocked | Queued | Paused) => Answer::Become(Cancelled),
        (Wish::Cancel, Leased) => match asked {
            Some(Asked::Cancel) => Answer::Nothing,
            _ => Answer::Ask(Some(Asked::Cancel)),
        },
        (Wish::Pause | Wish::Drain, Queued) => Answer::Become(Paused),
        (Wish::Pause, Leased) => match asked {
            // An end that was asked for is not taken back by asking for less.
            Some(Asked::Cancel | Asked::Pause) => Answer::Nothing,
            _ => Answer::Ask(Some(Asked::Pause)),
        },
        (Wish::Resume, Paused) => Answer::Become(Queued),
        (Wish::Resume, Leased) => match asked {
            Some(Asked::Pause) => Answer::Ask(None),
            _ => Answer::Nothing,
        },
        _ => Answer::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use mrprism_protocol::state::{Asked, JobState};

    use super::{Answer, Wish, answer};

    #[test]
    fn what_has_ended_has_ended() {
        for state in JobState::ALL.iter().filter(|state| state.is_terminal()) {
            for wish in [Wish::Cancel, Wish::Pause, Wish::Drain, Wish::Resume] {
                assert_eq!(answer(wish, *state, None), Answer::Nothing, "{state}");
            }
        }
    }

    #[test]
    fn a_waiting_job_changes_at_once_and_a_running_ones_holder_is_asked() {
        use JobState::{Blocked, Cancelled, Leased, Paused, Queued};
        let table = [
            (Wish::Cancel, Queued, Answer::Become(Cancelled)),
            (Wish::Cancel, Blocked, Answer::Become(Cancelled)),
            (Wish::Cancel, Paused, Answer::Become(Cancelled)),
            (Wish::Cancel, Leased, Answer::Ask(Some(Asked::Cancel))),
            (Wish::Pause, Queued, Answer::Become(Paused)),
            (Wish::Pause, Leased, Answer::Ask(Some(Asked::Pause))),
            (Wish::Pause, Blocked, Answer::Nothing),
            (Wish::Drain, Queued, Answer::Become(Paused)),
            (Wish::Drain, Leased, Answer::Nothing),
            (Wish::Resume, Paused, Answer::Become(Queued)),
            (Wish::Resume, Queued, Answer::Nothing),
            (Wish::Resume, Leased, Answer::Nothing),
        ];
        for (wish, state, expected) in table {
            assert_eq!(answer(wish, state, None), expected, "{wish:?} {state}");
        }
    }

    #[test]
    fn a_wish_to_end_is_not_taken_back_by_a_lesser_one() {
        let cancelling = Some(Asked::Cancel);
        for wish in [Wish::Pause, Wish::Drain, Wish::Resume, Wish::Cancel] {
            let answer = answer(wish, JobState::Leased, cancelling);
            assert_eq!(answer, Answer::Nothing, "{wish:?}");
        }
        let pausing = Some(Asked::Pause);
        assert_eq!(
            answer(Wish::Resume, JobState::Leased, pausing),
            Answer::Ask(None)
        );
        assert_eq!(
            answer(Wish::Cancel, JobState::Leased, pausing),
            Answer::Ask(cancelling)
        );
    }
}
