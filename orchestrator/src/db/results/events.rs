//! Events: what attempts report, stored in one round trip a batch.

use chrono::{DateTime, Utc};
use mrprism_protocol::id::{Fence, JobId, RunId};
use mrprism_protocol::wire::{LogLine, LogPage};
use sqlx::PgPool;

/// A batch, sorted into columns. Every list of a group is equally long.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns {
    /// The highest sequence of the batch.
    pub last_sequence: i64,
    /// Events for people.
    pub events: EventColumns,
    /// Points of curves.
    pub points: PointColumns,
    /// Scores, each key once.
    pub scores: ScoreColumns,
    /// Test cases.
    pub cases: CaseColumns,
    /// The last word on where training stands.
    pub standing: Standing,
}

/// Events for people, in columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventColumns {
    /// Position in the attempt's stream.
    pub sequence: Vec<i64>,
    /// The worker's clock.
    pub at: Vec<DateTime<Utc>>,
    /// What happened.
    pub kind: Vec<String>,
    /// The event as it was sent.
    pub body: Vec<serde_json::Value>,
}

/// Points of curves, in columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PointColumns {
    /// Position in the attempt's stream.
    pub sequence: Vec<i64>,
    /// The curve.
    pub series: Vec<String>,
    /// Optimiser step.
    pub step: Vec<i64>,
    /// Finite value.
    pub value: Vec<f64>,
}

/// Scores, in columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScoreColumns {
    /// What was scored.
    pub output: Vec<String>,
    /// Rec number.
    pub recurrence: Vec<Option<i32>>,
    /// Test case.
    pub case: Vec<String>,
    /// Structure.
    pub structure: Vec<String>,
    /// What it was scored against.
    pub reference: Vec<String>,
    /// Name and version.
    pub metric: Vec<String>,
    /// Fraction.
    pub value: Vec<f64>,
}

/// Test cases, in columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CaseColumns {
    /// Names; a name that stands twice is one case.
    pub case: Vec<String>,
    /// Whom they show.
    pub patient: Vec<String>,
}

/// Where training stands; what is none has not been said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// What is being done.
    pub phase: Option<String>,
    /// Steps done.
    pub step: Option<i64>,
    /// Epochs done.
    pub epoch: Option<i64>,
    /// Steps in all.
    pub steps: Option<i64>,
    /// Step of the checkpoint it went on from.
    pub resumed_from_step: Option<i64>,
    /// Epoch of that checkpoint.
    pub resumed_from_epoch: Option<i64>,
    /// Metric points dropped so far.
    pub dropped_points: Option<i64>,
}

/// Stores a batch for the holder of this job and fence, and says the highest sequence stored; none, with nothing
/// changed, where the lease is gone. What is there already stays as it is.
///
/// One statement: the attempt's row is locked first, so that its batches are stored one after the other and none after
/// its end.
///
/// # Errors
/// The database cannot be reached, or refuses a value.
pub async fn store(
    pool: &PgPool,
    job: JobId,
    fence: Fence,
    columns: &Columns,
) -> Result<Option<i64>, sqlx::Error> {
    let Columns {
        last_sequence,
        events,
        points,
        scores,
        cases,
        standing,
    } = columns;
    let stored = sqlx::query_scalar!(
        r#"with held as (
            select id, run_id from attempts where job_id = $1 and fence = $2 and outcome is null for update
         ), stored_events as (
            insert into events (attempt_id, sequence, at, kind, body)
            select held.id, e.sequence, e.at, e.kind, e.body
            from held, unnest($3::bigint[], $4::timestamptz[], $5::text[], $6::jsonb[]) as e(sequence, at, kind, body)
            order by e.sequence
            on conflict (attempt_id, sequence) do nothing
         ), stored_points as (
            insert into metric_points (attempt_id, sequence, series, step, value)
            select held.id, p.sequence, p.series, p.step, p.value
            from held, unnest($7::bigint[], $8::text[], $9::bigint[], $10::float8[]) as p(sequence, series, step, value)
            on conflict (attempt_id, sequence) do nothing
         ), stored_scores as (
            insert into scores (run_id, attempt_id, output, recurrence, case_name, structure, reference, metric, value)
            select held.run_id, held.id, s.output, s.recurrence, s.case_name, s.structure, s.reference, s.metric, s.value
            from held, unnest($11::text[], $12::int[], $13::text[], $14::text[], $15::text[], $16::text[], $17::float8[])
                as s(output, recurrence, case_name, structure, reference, metric, value)
            on conflict (run_id, output, recurrence, case_name, structure, reference, metric)
            do update set value = excluded.value, attempt_id = excluded.attempt_id
            where (scores.value, scores.attempt_id) is distinct from (excluded.value, excluded.attempt_id)
         ), stored_cases as (
            insert into run_cases (run_id, case_name, patient)
            select distinct on (c.case_name) held.run_id, c.case_name, c.patient
            from held, unnest($26::text[], $27::text[]) as c(case_name, patient)
            order by c.case_name
            on conflict (run_id, case_name) do update set patient = excluded.patient
            where run_cases.patient <> excluded.patient
         )
         update attempts a set
            last_sequence = greatest(a.last_sequence, $18),
            progress_at = case when ($19, $20, $21) is distinct from (null::text, null::bigint, null::bigint)
                    and a.last_sequence is distinct from greatest(a.last_sequence, $18)
                    and (coalesce($19, a.phase), coalesce($20, a.step), coalesce($21, a.epoch))
                        is distinct from (a.phase, a.step, a.epoch)
                then mrprism_now() else a.progress_at end,
            phase = case when a.last_sequence >= $18 then a.phase else coalesce($19, a.phase) end,
            step = case when a.last_sequence >= $18 then a.step else coalesce($20, a.step) end,
            epoch = case when a.last_sequence >= $18 then a.epoch else coalesce($21, a.epoch) end,
            steps = coalesce($22, a.steps),
            resumed_from_step = coalesce($23, a.resumed_from_step),
            resumed_from_epoch = coalesce($24, a.resumed_from_epoch),
            dropped_points = greatest(a.dropped_points, $25)
         from held where a.id = held.id
         returning a.last_sequence as "last!""#,
        job.0,
        fence.0,
        &events.sequence,
        &events.at,
        &events.kind,
        &events.body,
        &points.sequence,
        &points.series,
        &points.step,
        &points.value,
        &scores.output,
        &scores.recurrence as _,
        &scores.case,
        &scores.structure,
        &scores.reference,
        &scores.metric,
        &scores.value,
        last_sequence,
        standing.phase.as_deref(),
        standing.step,
        standing.epoch,
        standing.steps,
        standing.resumed_from_step,
        standing.resumed_from_epoch,
        standing.dropped_points,
        &cases.case,
        &cases.patient,
    )
    .fetch_optional(pool)
    .await?;
    Ok(stored)
}

/// Log lines of a run's attempts after `after`, oldest first, at most `limit`.
///
/// # Errors
/// The database cannot be reached.
pub async fn logs(
    pool: &PgPool,
    run: RunId,
    after: i64,
    limit: i64,
) -> Result<LogPage, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select e.id, a.number, e.at, coalesce(e.body ->> 'level', 'info') as "level!",
                coalesce(e.body ->> 'message', '') as "message!"
           from events e join attempts a on a.id = e.attempt_id
           where a.run_id = $1 and e.kind = 'log' and e.id > $2
           order by e.id limit $3"#,
        run.0,
        after,
        limit
    )
    .fetch_all(pool)
    .await?;
    Ok(LogPage {
        next: rows.last().map_or(after, |row| row.id),
        lines: rows
            .into_iter()
            .map(|row| LogLine {
                attempt: row.number as u32,
                at: row.at,
                level: row.level,
                message: row.message,
            })
            .collect(),
    })
}
