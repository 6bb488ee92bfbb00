//! Looks at attempts and jobs all the while: what has ended once stays as it ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgConnection;
use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use crate::postgres::Postgres;

const LOOK: Duration = Duration::from_millis(300);

/// What is remembered between looks.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Ended attempts and jobs, in the database's own words.
    ended: BTreeMap<(&'static str, Uuid), String>,
    /// Faults, each once.
    faults: BTreeSet<String>,
    /// Looks that reached the database.
    pub(crate) looks: u64,
}

/// Looks until it is aborted; sends the share of runs that have ended.
pub(crate) async fn watch(
    postgres: Postgres,
    runs: u64,
    memory: Arc<Mutex<Memory>>,
    done: watch::Sender<f64>,
) {
    let mut connection = None;
    loop {
        tokio::time::sleep(LOOK).await;
        if connection.is_none() {
            connection = postgres.connect().await.ok();
        }
        let Some(db) = &mut connection else { continue };
        match memory.lock().await.look(db).await {
            Ok(ended) => {
                done.send_replace(ended as f64 / runs as f64);
            }
            // The database is away, as it is meant to be at times.
            Err(_) => connection = None,
        }
    }
}

impl Memory {
    /// Looks once; says how many jobs have ended.
    pub(crate) async fn look(&mut self, db: &mut PgConnection) -> Result<i64, sqlx::Error> {
        let attempts: Vec<(Uuid, Uuid, bool, String)> = sqlx::query_as(
            "select id, job_id, ended_at is not null,
                concat_ws(' ', fence, worker_id, started_at, ended_at, outcome, message, step)
             from attempts",
        )
        .fetch_all(&mut *db)
        .await?;
        let jobs: Vec<(Uuid, bool, String)> = sqlx::query_as(
            "select id, ended_at is not null, concat_ws(' ', state, ended_at) from jobs",
        )
        .fetch_all(&mut *db)
        .await?;
        let mut live = BTreeSet::new();
        for (_, job, ended, _) in &attempts {
            if !ended && !live.insert(*job) {
                self.faults
                    .insert(format!("job {job} had two live attempts"));
            }
        }
        let seen = attempts
            .into_iter()
            .map(|(id, _, ended, words)| (("attempt", id), ended, words))
            .chain(
                jobs.into_iter()
                    .map(|(id, ended, words)| (("job", id), ended, words)),
            );
        let mut missing: BTreeSet<_> = self.ended.keys().copied().collect();
        let mut over = 0;
        for (key, ended, words) in seen {
            missing.remove(&key);
            if key.0 == "job" && ended {
                over += 1;
            }
            match self.ended.get(&key) {
                Some(before) if *before != words => {
                    self.faults.insert(format!(
                        "{} {} was rewritten: '{before}' became '{words}'",
                        key.0, key.1
                    ));
                }
                None if ended => {
                    self.ended.insert(key, words);
                }
                _ => {}
            }
        }
        for (what, id) in missing {
            self.faults
                .insert(format!("{what} {id} had ended and is gone"));
        }
        self.looks += 1;
        Ok(over)
    }

    /// What was seen that must not be.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &String> {
        self.faults.iter()
    }
}
