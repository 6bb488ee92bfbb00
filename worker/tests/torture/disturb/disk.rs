//! What befalls the disk of stored files: it is full until the server has met with it.

use std::time::{Duration, Instant};

use super::{LOOK, Scene};

/// How long the disk stays full at most: until an upload has failed, and a little longer.
const LONGEST: Duration = Duration::from_secs(30);
const AFTER: Duration = Duration::from_secs(2);
/// What the server's log says of a full disk.
const FULL: &str = "No space left on device";

/// Fills the disk, waits until an upload has failed of it, and gives the room back.
pub(super) async fn fill(scene: &Scene) -> anyhow::Result<()> {
    let Some(disk) = &scene.lab.disk else {
        return Ok(());
    };
    let _one_at_a_time = scene.lab.outage.lock().await;
    let before = scene.lab.said(FULL);
    let begun = Instant::now();
    // What arrives between the measuring and the setting makes the setting fail: measured again.
    while disk.fill().await.is_err() && begun.elapsed() < LONGEST {
        tokio::time::sleep(LOOK).await;
    }
    while scene.lab.said(FULL) == before && begun.elapsed() < LONGEST {
        tokio::time::sleep(LOOK).await;
    }
    tokio::time::sleep(AFTER).await;
    disk.empty().await?;
    if scene.lab.said(FULL) > before {
        scene.tally.add(|counts| counts.disk_full += 1);
    }
    Ok(())
}
