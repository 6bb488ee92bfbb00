//! What a claimer is given: its attempt with the run, the experiment and the newest checkpoint, in one read.

use std::time::Duration;

use mrprism_protocol::id::{AttemptId, Fence};
use mrprism_protocol::spec::{EvaluationSpec, RunSpec, Seed};
use mrprism_protocol::wire::{ArtifactRef, Claim};
use sqlx::PgConnection;
use sqlx::types::Json;

/// The claim that an attempt's row stands for.
///
/// # Errors
/// The database cannot be reached, or there is no such attempt.
pub async fn of_attempt(
    db: &mut PgConnection,
    attempt: AttemptId,
    lease: Duration,
    heartbeat: Duration,
) -> Result<Claim, sqlx::Error> {
    let row = sqlx::query!(
        r#"select a.job_id, a.number, a.fence, j.kind, e.id as experiment_id, e.name, r.id as run_id, r.arm,
                r.spec as "spec: Json<RunSpec>", r.seed, r.fold, s.evaluation as "evaluation?: Json<EvaluationSpec>"
           from attempts a
           join jobs j on j.id = a.job_id
           join runs r on r.id = a.run_id
           join experiments e on e.id = r.experiment_id
           left join scorings s on s.job_id = j.id
           where a.id = $1"#,
        attempt.0
    )
    .fetch_one(&mut *db)
    .await?;
    let checkpoint = sqlx::query!(
        "select f.hash, f.name, b.size from artifacts f join blobs b on b.hash = f.hash
         where f.run_id = $1 and f.kind = 'checkpoint' order by f.stored_at desc, f.name limit 1",
        row.run_id
    )
    .fetch_optional(&mut *db)
    .await?;
    let mut spec = row.spec.0;
    if let Some(evaluation) = row.evaluation {
        spec.evaluation = evaluation.0;
    }
    Ok(Claim {
        job: row.job_id.into(),
        kind: crate::db::spelled(&row.kind)?,
        attempt,
        attempt_number: row.number as u32,
        fence: Fence(row.fence),
        lease_seconds: lease.as_secs_f64(),
        heartbeat_seconds: heartbeat.as_secs_f64(),
        experiment: row.experiment_id.into(),
        experiment_name: row.name,
        run: row.run_id.into(),
        arm: row.arm,
        spec,
        seed: Seed(row.seed as u64),
        fold: row.fold.map(|fold| fold as u32),
        checkpoint: checkpoint.map(|file| ArtifactRef {
            hash: file.hash,
            size: file.size as u64,
            name: file.name,
        }),
    })
}
