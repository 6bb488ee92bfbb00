//! What befalls the database: it is away for a while, or ends single connections of the server.

use std::time::{Duration, Instant};

use super::{LOOK, SEARCH, Scene};
use crate::dice::Dice;

/// Stops Postgres and starts it again after `outage`.
pub(super) async fn restart(scene: &Scene, mode: &str, outage: Duration) -> anyhow::Result<()> {
    let _one_at_a_time = scene.lab.outage.lock().await;
    scene.lab.postgres.stop(mode).await?;
    tokio::time::sleep(outage).await;
    scene.lab.postgres.start().await?;
    scene.tally.add(|counts| counts.postgres_restarts += 1);
    Ok(())
}

/// Has Postgres end some of the server's connections in the middle of what they do.
pub(super) async fn end_backends(scene: &Scene, dice: &mut Dice) -> anyhow::Result<()> {
    let most = 4 + dice.below(4) as i64;
    let begun = Instant::now();
    while begun.elapsed() < SEARCH {
        if let Ok(ended) = end(scene, most).await
            && ended > 0
        {
            scene.tally.add(|counts| counts.backends += ended);
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

async fn end(scene: &Scene, most: i64) -> anyhow::Result<u64> {
    let mut db = scene.lab.postgres.connect().await?;
    let ended: i64 = sqlx::query_scalar(
        "select count(*) filter (where pg_terminate_backend(pid)) from (
             select pid from pg_stat_activity where application_name = 'mrprism-orchestrator'
             order by state = 'active' desc, random() limit $1) as victims",
    )
    .bind(most)
    .fetch_one(&mut db)
    .await?;
    Ok(ended as u64)
}
