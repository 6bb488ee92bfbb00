//! Is everything there, as an undisturbed run would have left it?

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::PgConnection;
use uuid::Uuid;

use super::sentences;
use crate::lab::Lab;
use crate::reference::{Undisturbed, train};

/// Runs with several attempts that are trained again alone.
const COMPARED: i64 = 3;

/// Adds what is not. Says how many runs were compared with undisturbed ones.
pub(super) async fn judge(
    db: &mut PgConnection,
    lab: &Lab,
    runs: u64,
    lost: &mut Vec<String>,
) -> anyhow::Result<usize> {
    let count: i64 = sqlx::query_scalar("select count(*) from runs")
        .fetch_one(&mut *db)
        .await?;
    if count as u64 != runs {
        lost.push(format!("{count} runs are there in place of {runs}"));
    }
    let questions = [
        "select format('seed %s is %s', r.seed, coalesce(j.state, 'without a job'))
         from runs r left join jobs j on j.run_id = r.id where j.state is distinct from 'succeeded'",
        "select format('seed %s has no weights hash', seed) from runs where weights_hash is null",
        "select format('seed %s keeps a checkpoint', r.seed) from artifacts f join runs r on r.id = f.run_id
         where f.kind = 'checkpoint'",
        "select format('seed %s has other files than most', r.seed) from runs r
         left join (select run_id, string_agg(kind || name, ' ' order by kind, name) as names
             from artifacts group by run_id) as f on f.run_id = r.id
         where f.names is distinct from (select mode() within group (order by names) from (
             select string_agg(kind || name, ' ' order by kind, name) as names from artifacts group by run_id) as n)",
    ];
    for question in questions {
        lost.extend(sentences(db, question).await?);
    }
    missing_files(db, &lab.home.join("artifacts/blobs"), lost).await?;

    let often: Vec<(Uuid, i64, Option<String>)> = sqlx::query_as(
        "select r.id, r.seed, r.weights_hash from runs r join attempts a on a.run_id = r.id
         group by r.id having count(*) > 1 order by count(*) desc, r.seed limit $1",
    )
    .bind(COMPARED)
    .fetch_all(&mut *db)
    .await?;
    let mut expected = None;
    for (run, seed, hash) in &often {
        let alone = train(&lab.home, runs, *seed).await?;
        compare(db, *run, *seed, hash.as_deref(), &alone, lost).await?;
        expected = Some(alone.scores.len() as i64);
    }
    if let Some(expected) = expected {
        let counted: Vec<String> = sqlx::query_scalar(
            "select format('seed %s has %s scores in place of %s', r.seed, count(s.run_id), $1) from runs r
             left join scores s on s.run_id = r.id group by r.id having count(s.run_id) <> $1",
        )
        .bind(expected)
        .fetch_all(db)
        .await?;
        lost.extend(counted);
    }
    Ok(often.len())
}

async fn compare(
    db: &mut PgConnection,
    run: Uuid,
    seed: i64,
    hash: Option<&str>,
    alone: &Undisturbed,
    lost: &mut Vec<String>,
) -> anyhow::Result<()> {
    let scores: Vec<(String, f64)> = sqlx::query_as(
        "select concat(output, ',', recurrence, ',', case_name, ',', structure, ',', reference, ',', metric), value
         from scores where run_id = $1",
    )
    .bind(run)
    .fetch_all(db)
    .await?;
    let disturbed = Undisturbed {
        weights_hash: hash.unwrap_or_default().to_owned(),
        scores: scores.into_iter().collect::<BTreeMap<_, _>>(),
    };
    if disturbed.weights_hash != alone.weights_hash {
        lost.push(format!(
            "seed {seed} has weights {} and alone {}",
            disturbed.weights_hash, alone.weights_hash
        ));
    }
    if disturbed.scores != alone.scores {
        lost.push(format!("seed {seed} has other scores than alone"));
    }
    Ok(())
}

/// Every content that a run's file stands for lies in the store with that very hash.
async fn missing_files(
    db: &mut PgConnection,
    blobs: &Path,
    lost: &mut Vec<String>,
) -> anyhow::Result<()> {
    let hashes: Vec<String> = sqlx::query_scalar("select distinct hash from artifacts")
        .fetch_all(db)
        .await?;
    for hash in hashes {
        let path = blobs.join(&hash[..2]).join(&hash);
        let found = std::fs::read(&path).map(|bytes| blake3::hash(&bytes).to_hex().to_string());
        match found {
            Ok(found) if found == hash => {}
            Ok(_) => lost.push(format!("the stored file {hash} is damaged")),
            Err(error) => lost.push(format!("the stored file {hash}: {error}")),
        }
    }
    Ok(())
}
