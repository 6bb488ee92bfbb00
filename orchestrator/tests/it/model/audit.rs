//! What holds whatever happened: looked up in the database after every operation.

use std::collections::BTreeMap;

use mrprism_orchestrator::db::PgPool;

/// What must never change again: ended attempts and terminal jobs, as they were first seen.
#[derive(Debug, Default)]
pub(super) struct Audit {
    ended: BTreeMap<String, String>,
}

/// What no state of the database may show; each query lists offenders.
const NEVER: &[(&str, &str)] = &[
    (
        "a job with two live attempts",
        "select job_id::text from attempts where ended_at is null group by job_id having count(*) > 1",
    ),
    (
        "a leased job without a live attempt, or another with one",
        "select j.id::text from jobs j left join attempts a on a.job_id = j.id and a.ended_at is null
         where (j.state = 'leased') <> (a.id is not null)",
    ),
    (
        "a device with two live attempts",
        "select worker_id::text from attempts where ended_at is null group by worker_id, device_index having count(*) > 1",
    ),
    (
        "a run without a job, or with two that are open",
        "select r.id::text from runs r left join jobs j on j.run_id = r.id
         group by r.id having count(j.id) = 0 or count(*) filter (where j.id is not null and j.ended_at is null) > 1",
    ),
    (
        "attempts of a run that overlap or are not numbered in order of their fences",
        "select a.run_id::text from attempts a join attempts b on b.run_id = a.run_id and b.number > a.number
         where a.ended_at is null or b.started_at < a.ended_at or b.fence < a.fence",
    ),
];

impl Audit {
    /// Looks.
    pub(super) async fn look(&mut self, db: &PgPool) {
        for (what, query) in NEVER {
            let offenders: Vec<String> = sqlx::query_scalar(*query).fetch_all(db).await.unwrap();
            assert!(offenders.is_empty(), "{what}: {offenders:?}");
        }
        let ended: Vec<(String, String)> = sqlx::query_as(
            "select id::text, to_jsonb(a)::text from attempts a where outcome is not null
             union all
             select id::text, to_jsonb(j)::text from jobs j where ended_at is not null",
        )
        .fetch_all(db)
        .await
        .unwrap();
        let now: BTreeMap<_, _> = ended.into_iter().collect();
        for (id, before) in &self.ended {
            assert_eq!(now.get(id), Some(before), "what had ended was rewritten");
        }
        self.ended = now;
    }
}
