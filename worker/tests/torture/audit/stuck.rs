//! Has everything come to its end?

use std::time::{Duration, Instant};

use sqlx::PgConnection;

use super::sentences;
use crate::lab::{LEASE, Lab};
use crate::processes::trainers;

/// How long workers may take to notice that there is nothing left.
const QUIET: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(100);

/// Adds what has not.
pub(super) async fn judge(
    db: &mut PgConnection,
    lab: &Lab,
    stuck: &mut Vec<String>,
) -> anyhow::Result<()> {
    let questions = [
        "select format('job %s is %s', id, state) from jobs where ended_at is null",
        "select format('attempt %s of run %s holds a lease', number, run_id) from attempts where ended_at is null",
    ];
    for question in questions {
        stuck.extend(sentences(db, question).await?);
    }
    let begun = Instant::now();
    let (mut busy, mut left) = (Vec::new(), Vec::new());
    while begun.elapsed() < QUIET {
        left = trainers(&lab.home);
        let workers = lab.workers().await?;
        busy = workers
            .iter()
            .filter(|worker| worker.leases > 0)
            .map(|worker| format!("worker {} holds {} leases", worker.id, worker.leases))
            .collect();
        if left.is_empty() && busy.is_empty() && begun.elapsed() > LEASE {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    stuck.extend(busy);
    if !left.is_empty() {
        stuck.push(format!("trainers are at work on nothing: {left:?}"));
    }
    let unfinished = std::fs::read_dir(lab.home.join("artifacts/incoming"));
    let unfinished = unfinished.into_iter().flatten().flatten().count();
    if unfinished > 0 {
        stuck.push(format!("{unfinished} unfinished uploads lie in the store"));
    }
    Ok(())
}
