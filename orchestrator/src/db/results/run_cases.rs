//! Test cases of runs, and whom they show.

use std::collections::BTreeMap;

use mrprism_protocol::id::{ExperimentId, RunId};
use sqlx::types::Uuid;
use sqlx::{PgConnection, PgPool};

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

/// Writes a run's test cases and whom they show; it has none yet.
///
/// # Errors
/// The database cannot be reached, or refuses a value.
pub async fn create(
    db: &mut PgConnection,
    run: RunId,
    patients: &BTreeMap<String, String>,
) -> Result<(), sqlx::Error> {
    let cases: Vec<_> = patients.keys().cloned().collect();
    let shown: Vec<_> = patients.values().cloned().collect();
    let made = sqlx::query!(
        "insert into run_cases (run_id, case_name, patient)
         select $1, c.case_name, c.patient from unnest($2::text[], $3::text[]) as c(case_name, patient)",
        run.0,
        &cases,
        &shown
    )
    .execute(db)
    .await?
    .rows_affected();
    crate::db::exactly(cases.len() as u64, made, "write a run's test cases")
}
