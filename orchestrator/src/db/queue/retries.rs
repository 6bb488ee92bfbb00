//! Runs that ended without success and may be tried again.

use mrprism_protocol::id::{ExperimentId, RunId};
use mrprism_protocol::state::JobState;
use sqlx::PgConnection;

/// A run that has ended, as a retry sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The run.
    pub run: RunId,
    /// Its newest training job's state.
    pub state: JobState,
    /// Hash of the sources that its numbers depend on.
    pub science_version: String,
    /// Whether a checkpoint of it is stored.
    pub checkpoint: bool,
}

/// Runs of an experiment, or one of them, with no training job open, in order. The experiment's row is to be locked, so that
/// two retries follow each other.
///
/// # Errors
/// The database cannot be reached.
pub async fn ended(
    db: &mut PgConnection,
    experiment: ExperimentId,
    only: Option<RunId>,
) -> Result<Vec<Ended>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select r.id, r.science_version, newest.state,
                exists (select from artifacts f where f.run_id = r.id and f.kind = 'checkpoint') as "checkpoint!"
           from runs r cross join lateral (
                select state from jobs where run_id = r.id and kind = 'train' order by created_at desc, id desc limit 1) newest
           where r.experiment_id = $1 and ($2::uuid is null or r.id = $2)
                and newest.state in ('succeeded', 'failed', 'cancelled', 'quarantined')
           order by r.position"#,
        experiment.0,
        only.map(|run| run.0)
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Ended {
                run: row.id.into(),
                state: crate::db::spelled(&row.state)?,
                science_version: row.science_version,
                checkpoint: row.checkpoint,
            })
        })
        .collect()
}
