//! Fulfilling what a person wishes of a run or of a whole experiment.

use mrprism_protocol::id::{ExperimentId, RunId};

use crate::db;
use crate::db::PgConnection;
use crate::domain::{Wish, answers};
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
    let given = db::wishes::give(db, &answers(wish, &open), BY_A_PERSON).await?;
    Ok(Fulfilled {
        open: open.len(),
        queued: given.queued,
    })
}
