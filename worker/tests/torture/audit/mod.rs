//! What is left when the queue has drained: nothing lost, nothing doubled, nothing stuck.
//!
//! The tables themselves are asked, in words of this audit's own: what is judged is not asked for its opinion.

mod doubled;
mod lost;
mod stuck;

use serde::Serialize;
use sqlx::PgConnection;

use crate::crew::Crew;
use crate::lab::Lab;
use crate::watch::Memory;

/// Faults, each a sentence.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Findings {
    /// Runs, scores, files or rows that should be there as they should be and are not.
    pub(crate) lost: Vec<String>,
    /// What is there twice or was written over.
    pub(crate) doubled: Vec<String>,
    /// What has not come to its end.
    pub(crate) stuck: Vec<String>,
}

/// What the tables count.
#[derive(Debug, Serialize)]
pub(crate) struct Sums {
    pub(crate) runs: i64,
    pub(crate) attempts: i64,
    pub(crate) lost: i64,
    pub(crate) infrastructure: i64,
    pub(crate) resumed: i64,
    pub(crate) scores: i64,
    /// Log lines whose worker's clock was more than an hour off.
    pub(crate) from_wrong_clocks: i64,
    /// Runs with several attempts that were trained again alone, to the same bits.
    pub(crate) compared: usize,
}

/// Judges what lies in the database and on the disk. `memory` has watched while it came there.
pub(crate) async fn judge(
    lab: &Lab,
    crew: &Crew,
    runs: u64,
    memory: &mut Memory,
) -> anyhow::Result<(Findings, Sums)> {
    let mut db = lab.postgres.connect().await?;
    // Once more, now that everything has ended: also the last attempts are as they were.
    memory.look(&mut db).await?;
    let mut findings = Findings::default();
    let compared = lost::judge(&mut db, lab, runs, &mut findings.lost).await?;
    doubled::judge(&mut db, memory, &mut findings.doubled).await?;
    stuck::judge(&mut db, lab, &mut findings.stuck).await?;
    let sums = sums(&mut db, compared).await?;
    drop(db);
    findings.stuck.extend(crew.dismiss().await);
    let trainers = crate::processes::trainers(&lab.home);
    if !trainers.is_empty() {
        findings
            .stuck
            .push(format!("trainers outlived their workers: {trainers:?}"));
    }
    findings.stuck.extend(lab.stop_server().await?);
    Ok((findings, sums))
}

async fn sums(db: &mut PgConnection, compared: usize) -> anyhow::Result<Sums> {
    let row: (i64, i64, i64, i64, i64, i64, i64) = sqlx::query_as(
        "select (select count(*) from runs), (select count(*) from attempts),
            (select count(*) from attempts where outcome = 'lost'),
            (select count(*) from attempts where outcome = 'infrastructure'),
            (select count(*) from attempts where resumed_from_step is not null),
            (select count(*) from scores),
            (select count(*) from events e join attempts a on a.id = e.attempt_id
                where e.at < a.started_at - interval '30 minutes' or e.at > a.ended_at + interval '30 minutes')",
    )
    .fetch_one(db)
    .await?;
    Ok(Sums {
        runs: row.0,
        attempts: row.1,
        lost: row.2,
        infrastructure: row.3,
        resumed: row.4,
        scores: row.5,
        from_wrong_clocks: row.6,
        compared,
    })
}

/// The first column of every row, each as a sentence.
async fn sentences(
    db: &mut PgConnection,
    question: &'static str,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(question).fetch_all(db).await
}
