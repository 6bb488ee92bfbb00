//! Test cases of runs, and whom they show.

use std::collections::BTreeMap;

use mrprism_protocol::id::ExperimentId;
use sqlx::PgPool;
use sqlx::types::Uuid;

/// The test cases of an experiment's runs and whom they show: run → case → patient.
///
/// # Errors
/// The database cannot be reached.
pub async fn patients(
    pool: &PgPool,
    experiment: ExperimentId,
) -> Result<BTreeMap<Uuid, BTreeMap<String, String>>, sqlx::Error> {
    let rows = sqlx::query!(
        "select c.run_id, c.case_name, c.patient from run_cases c join runs r on r.id = c.run_id
         where r.experiment_id = $1",
        experiment.0
    )
    .fetch_all(pool)
    .await?;
    let mut runs: BTreeMap<Uuid, BTreeMap<String, String>> = BTreeMap::new();
    for row in rows {
        let cases = runs.entry(row.run_id).or_default();
        cases.insert(row.case_name, row.patient);
    }
    Ok(runs)
}
