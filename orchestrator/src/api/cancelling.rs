//! What cancelling a run and cancelling an experiment share.

use mrprism_protocol::id::{ExperimentId, JobId, RunId};

use crate::db;
use crate::db::PgConnection;
use crate::domain::{Cancellation, cancellation};
use crate::error::ApiError;

/// Cancels every open job of a run or an experiment: at once where nobody works on it, by request where somebody does.
/// Says how many were open.
pub(super) async fn cancel_open(
    db: &mut PgConnection,
    experiment: Option<ExperimentId>,
    run: Option<RunId>,
) -> Result<usize, ApiError> {
    let open = db::jobs::lock_open(db, experiment, run).await?;
    let of = |wanted: Cancellation| -> Vec<JobId> {
        open.iter()
            .filter(|(_, state)| cancellation(*state) == wanted)
            .map(|(job, _)| *job)
            .collect()
    };
    db::jobs::cancel(db, &of(Cancellation::AtOnce)).await?;
    db::jobs::request_cancel(db, &of(Cancellation::ByRequest)).await?;
    Ok(open.len())
}
