//! Is anything there twice?

use sqlx::PgConnection;

use super::sentences;
use crate::watch::Memory;

/// Adds what is.
pub(super) async fn judge(
    db: &mut PgConnection,
    memory: &Memory,
    doubled: &mut Vec<String>,
) -> Result<(), sqlx::Error> {
    doubled.extend(memory.faults().cloned());
    let questions = [
        "select format('attempts %s and %s of job %s overlap', a.number, b.number, a.job_id)
         from attempts a join attempts b on a.job_id = b.job_id and a.fence < b.fence
         where b.started_at < a.ended_at",
        "select format('attempt %s of job %s has a smaller fence than an earlier one', b.number, b.job_id)
         from attempts a join attempts b on a.job_id = b.job_id and a.number < b.number
         where b.fence < a.fence",
        "select format('run %s has %s jobs', run_id, count(*)) from jobs group by run_id having count(*) > 1",
        "select format('run %s succeeded %s times', run_id, count(*)) from attempts
         where outcome = 'succeeded' group by run_id having count(*) > 1",
        "select format('run %s has %s attempts numbered up to %s', run_id, count(*), max(number)) from attempts
         group by run_id having count(*) <> max(number)",
        "select format('%s scores of run %s have one key', count(*), run_id) from scores
         group by run_id, output, recurrence, case_name, structure, reference, metric having count(*) > 1",
        "select format('an attempt at run %s was given the work again after it had succeeded', a.run_id)
         from attempts a join attempts b on a.run_id = b.run_id and b.started_at >= a.ended_at
         where a.outcome = 'succeeded'",
        "select format('event %s of attempt %s was stored %s times', sequence, attempt_id, count(*)) from events
         group by attempt_id, sequence having count(*) > 1",
        "select format('point %s of attempt %s was stored %s times', sequence, attempt_id, count(*)) from metric_points
         group by attempt_id, sequence having count(*) > 1",
    ];
    for question in questions {
        doubled.extend(sentences(db, question).await?);
    }
    Ok(())
}
