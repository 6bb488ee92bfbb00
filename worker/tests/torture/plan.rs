//! When each disturbance comes: at a share of the runs done, so that a fast machine and a slow one see all of them in
//! mid-work.

use crate::dice::Dice;

/// One disturbance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// SIGKILL to a worker, which is started again.
    KillWorker,
    /// SIGKILL to a trainer.
    KillTrainer,
    /// SIGSTOP to a worker, past its lease, then SIGCONT.
    StopWorker,
    /// Connections of the server are ended by Postgres.
    EndBackends,
    /// Postgres is away for a while.
    RestartPostgres {
        /// `fast` or `immediate`.
        mode: &'static str,
        /// Whether it is away for longer than a lease.
        long: bool,
    },
    /// SIGKILL to the server, which is started again.
    KillOrchestrator {
        /// Whether it is away for longer than a lease.
        long: bool,
    },
    /// The disk of stored files is full for a while.
    FillDisk,
    /// A worker's wall clock is set hours off, later right again.
    JumpClock,
}

/// An act and the share of runs done at which it is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planned {
    pub(crate) at: f64,
    pub(crate) act: Act,
}

/// How often each comes. A little over what the verdict asks for: one that finds no victim is not counted.
const OFTEN: [(Act, u64); 6] = [
    (Act::KillWorker, 24),
    (Act::KillTrainer, 22),
    (Act::StopWorker, 22),
    (Act::EndBackends, 14),
    (Act::FillDisk, 2),
    (Act::JumpClock, 8),
];

/// Those that end the server's connection to something for a while come at even distances, one of them at a time.
const OUTAGES: [Act; 7] = [
    restart("fast", false),
    Act::KillOrchestrator { long: false },
    restart("immediate", true),
    Act::KillOrchestrator { long: true },
    restart("fast", true),
    Act::KillOrchestrator { long: false },
    restart("immediate", false),
];

const fn restart(mode: &'static str, long: bool) -> Act {
    Act::RestartPostgres { mode, long }
}

/// No disturbance comes later: its effect is to be seen in what is left.
const LAST: f64 = 0.85;

/// The schedule of `seed`, in order.
pub(crate) fn plan(dice: &mut Dice) -> Vec<Planned> {
    let mut planned = Vec::new();
    for (act, times) in OFTEN {
        for _ in 0..times {
            let at = LAST * dice.share();
            planned.push(Planned { at, act });
        }
    }
    for (place, act) in OUTAGES.into_iter().enumerate() {
        let at = LAST * (place as f64 + 0.25 + 0.5 * dice.share()) / OUTAGES.len() as f64;
        planned.push(Planned { at, act });
    }
    planned.sort_by(|one, other| one.at.total_cmp(&other.at));
    planned
}
