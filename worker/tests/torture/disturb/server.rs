//! What befalls the server: killed in the middle of whatever it does, and started again.

use std::time::Duration;

use super::Scene;

/// Kills the server and starts one again after `outage`.
pub(super) async fn kill(scene: &Scene, outage: Duration) -> anyhow::Result<()> {
    let _one_at_a_time = scene.lab.outage.lock().await;
    scene.lab.kill_server().await?;
    tokio::time::sleep(outage).await;
    scene.lab.start_server().await?;
    scene.tally.add(|counts| counts.orchestrator_kills += 1);
    Ok(())
}
