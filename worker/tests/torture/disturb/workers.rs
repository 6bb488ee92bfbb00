//! What befalls workers and trainers: killed, held past the lease, a wall clock set off.

use std::time::Instant;

use nix::sys::signal::Signal;
use tokio::sync::MutexGuard;

use super::{LOOK, SEARCH, Scene};
use crate::crew::Member;
use crate::dice::Dice;
use crate::lab::LEASE;
use crate::processes::signal;

/// Kills a worker, its trainer ends with it; starts it again a moment later.
pub(super) async fn kill(scene: &Scene, dice: &mut Dice) -> anyhow::Result<()> {
    let Some(mut victim) = find(scene, dice, |member| member.pid().is_some()).await else {
        return Ok(());
    };
    victim.kill().await?;
    scene.tally.add(|counts| counts.kills += 1);
    tokio::time::sleep(dice.seconds(0.0, 1.0)).await;
    victim.start()
}

/// Kills a trainer under its worker.
pub(super) async fn kill_trainer(scene: &Scene, dice: &mut Dice) -> anyhow::Result<()> {
    let Some(victim) = find(scene, dice, |member| member.trainer().is_some()).await else {
        return Ok(());
    };
    if let Some(trainer) = victim.trainer() {
        signal(trainer, Signal::SIGKILL);
        scene.tally.add(|counts| counts.kills += 1);
    }
    Ok(())
}

/// Holds a worker until its lease has run out, with its trainer or without, and lets it go on.
pub(super) async fn stop(scene: &Scene, dice: &mut Dice) -> anyhow::Result<()> {
    let Some(victim) = find(scene, dice, |member| member.trainer().is_some()).await else {
        return Ok(());
    };
    let trainer = victim.trainer().filter(|_| dice.coin());
    victim.signal(Signal::SIGSTOP);
    if let Some(trainer) = trainer {
        signal(trainer, Signal::SIGSTOP);
    }
    let lease = LEASE.as_secs_f64();
    tokio::time::sleep(dice.seconds(1.3 * lease, 2.0 * lease)).await;
    victim.signal(Signal::SIGCONT);
    if let Some(trainer) = trainer {
        signal(trainer, Signal::SIGCONT);
    }
    scene.tally.add(|counts| counts.stops += 1);
    Ok(())
}

/// Sets a worker's wall clock hours ahead or back, and right again.
pub(super) async fn jump_clock(scene: &Scene, dice: &mut Dice) -> anyhow::Result<()> {
    let Some(victim) = find(scene, dice, Member::has_clock).await else {
        return Ok(());
    };
    let hours = 2 + dice.below(20) as i64;
    let sign = if dice.coin() { 1 } else { -1 };
    for seconds in [sign * hours * 3600, -sign * 3600, 0] {
        victim.set_clock(seconds)?;
        scene.tally.add(|counts| counts.clock_jumps += 1);
        if seconds != 0 {
            tokio::time::sleep(dice.seconds(0.5, 2.0)).await;
        }
    }
    Ok(())
}

async fn find<'scene>(
    scene: &'scene Scene,
    dice: &mut Dice,
    fits: impl Fn(&Member) -> bool,
) -> Option<MutexGuard<'scene, Member>> {
    let begun = Instant::now();
    while begun.elapsed() < SEARCH {
        if let Some(found) = scene.crew.seize(dice, &fits) {
            return Some(found);
        }
        tokio::time::sleep(LOOK).await;
    }
    None
}
