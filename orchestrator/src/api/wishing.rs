//! Fulfilling what a person wishes of a run or of a whole experiment.

use mrprism_protocol::id::{ExperimentId, JobId, RunId};

use crate::db;
use crate::db::PgConnection;
use crate::domain::{Answer, Wish, answer};
use crate::error::ApiError;

/// Why a job was cancelled that no attempt speaks of.
const BY_A_PERSON: &str = "A person cancelled it.";

/// What a wish came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fulfilled {
    /// Jobs that had not ended.
    pub open: usize,
    /// Whether some may be claimed now that could not before.
    pub queued: bool,
}

/// Changes every open job of a run or an experiment as the wish says: at once where nobody works on it, by request where
/// somebody does.
pub(super) async fn fulfil(
    db: &mut PgConnection,
    wish: Wish,
    experiment: Option<ExperimentId>,
    run: Option<RunId>,
) -> Result<Fulfilled, ApiError> {
    let open = db::wishes::lock_open(db, experiment, run).await?;
    let mut answers: Vec<(Answer, Vec<JobId>)> = Vec::new();
    for job in &open {
        let answer = answer(wish, job.state, job.asked);
        match answers.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, jobs)) => jobs.push(job.id),
            None => answers.push((answer, vec![job.id])),
        }
    }
    let mut queued = false;
    for (answer, jobs) in answers {
        match answer {
            Answer::Become(state) => {
                queued |= !state.is_terminal();
                let reason = state.is_terminal().then_some(BY_A_PERSON);
                db::wishes::become_state(db, &jobs, state, reason).await?;
            }
            Answer::Ask(asked) => db::wishes::ask(db, &jobs, asked).await?,
            Answer::Nothing => {}
        }
    }
    Ok(Fulfilled {
        open: open.len(),
        queued,
    })
}
