//! Carries the plan out: each act when its share of the runs is done, lasting ones beside each other.

mod database;
mod disk;
mod server;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::crew::Crew;
use crate::dice::Dice;
use crate::lab::Lab;
use crate::plan::{Act, Planned};
use crate::tally::Tally;

/// How long an act looks for a victim.
const SEARCH: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(100);

/// What every act works on.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) lab: Arc<Lab>,
    pub(crate) crew: Arc<Crew>,
    pub(crate) tally: Arc<Tally>,
}

/// Does everything that is planned; `done` is the share of runs that have ended. Returns when the last
/// disturbance has ended.
pub(crate) async fn carry_out(
    scene: &Scene,
    planned: Vec<Planned>,
    mut dice: Dice,
    mut done: watch::Receiver<f64>,
) -> anyhow::Result<()> {
    scene.lab.proxy.be_rough(true);
    let mut acts: JoinSet<anyhow::Result<()>> = JoinSet::new();
    for Planned { at, act } in planned {
        done.wait_for(|done| *done >= at).await?;
        let (scene, own) = (scene.clone(), Dice::new(dice.next()));
        acts.spawn(async move { perform(&scene, act, own).await });
        while let Some(ended) = acts.try_join_next() {
            ended??;
        }
    }
    while let Some(ended) = acts.join_next().await {
        ended??;
    }
    scene.lab.proxy.be_rough(false);
    Ok(())
}

async fn perform(scene: &Scene, act: Act, mut dice: Dice) -> anyhow::Result<()> {
    match act {
        Act::KillWorker => workers::kill(scene, &mut dice).await,
        Act::KillTrainer => workers::kill_trainer(scene, &mut dice).await,
        Act::StopWorker => workers::stop(scene, &mut dice).await,
        Act::JumpClock => workers::jump_clock(scene, &mut dice).await,
        Act::EndBackends => database::end_backends(scene, &mut dice).await,
        Act::RestartPostgres { mode, long } => {
            database::restart(scene, mode, outage(&mut dice, long)).await
        }
        Act::KillOrchestrator { long } => server::kill(scene, outage(&mut dice, long)).await,
        Act::FillDisk => disk::fill(scene).await,
    }
}

/// Shorter or longer than a lease.
fn outage(dice: &mut Dice, long: bool) -> Duration {
    let lease = crate::lab::LEASE.as_secs_f64();
    if long {
        dice.seconds(1.5 * lease, 2.5 * lease)
    } else {
        dice.seconds(0.0, 0.5 * lease)
    }
}
