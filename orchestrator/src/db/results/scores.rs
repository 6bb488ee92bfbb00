//! Scores in long form.

use mrprism_protocol::id::{ExperimentId, RunId};
use sqlx::PgPool;
use sqlx::types::Uuid;

/// One score of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRow {
    /// The run.
    pub run: Uuid,
    /// What was scored.
    pub output: String,
    /// Rec number.
    pub recurrence: Option<i32>,
    /// Test case.
    pub case: String,
    /// Structure.
    pub structure: String,
    /// What it was scored against.
    pub reference: String,
    /// Name and version.
    pub metric: String,
    /// Fraction.
    pub value: f64,
}

/// A word for everything that an experiment's results are made of: another one when a job has moved, a scoring has written, or
/// the experiment has been redefined.
///
/// # Errors
/// The database cannot be reached.
pub async fn standing(pool: &PgPool, experiment: ExperimentId) -> Result<String, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select coalesce(md5(string_agg(
                concat(j.id, j.state, (select max(a.last_sequence) from attempts a where a.job_id = j.id and j.kind = 'score')),
                ',' order by j.id)), '') || (select bundle_hash from experiments where id = $1) as "standing!"
           from jobs j join runs r on r.id = j.run_id
           where r.experiment_id = $1"#,
        experiment.0
    )
    .fetch_one(pool)
    .await
}

/// Every score of an experiment's runs that have succeeded, in order of its key.
///
/// # Errors
/// The database cannot be reached.
pub async fn of_succeeded_runs(
    pool: &PgPool,
    experiment: ExperimentId,
) -> Result<Vec<ScoreRow>, sqlx::Error> {
    sqlx::query_as!(
        ScoreRow,
        r#"select s.run_id as run, s.output, s.recurrence, s.case_name as "case", s.structure, s.reference, s.metric,
                s.value
           from scores s join runs r on r.id = s.run_id
           where r.experiment_id = $1
                and exists (select from jobs j where j.run_id = r.id and j.kind = 'train' and j.state = 'succeeded')
           order by r.position, s.output, s.recurrence, s.structure, s.reference, s.metric, s.case_name"#,
        experiment.0
    )
    .fetch_all(pool)
    .await
}

/// Every score of a run.
///
/// # Errors
/// The database cannot be reached.
pub async fn of_run(pool: &PgPool, run: RunId) -> Result<Vec<ScoreRow>, sqlx::Error> {
    sqlx::query_as!(
        ScoreRow,
        r#"select run_id as run, output, recurrence, case_name as "case", structure, reference, metric, value
           from scores where run_id = $1"#,
        run.0
    )
    .fetch_all(pool)
    .await
}
