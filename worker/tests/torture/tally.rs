//! What was done to the platform, and what it has to come to.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// How often each thing was done.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Counts {
    pub(crate) kills: u64,
    pub(crate) stops: u64,
    pub(crate) postgres_restarts: u64,
    pub(crate) backends: u64,
    pub(crate) disk_full: u64,
    pub(crate) orchestrator_kills: u64,
    pub(crate) clock_jumps: u64,
    pub(crate) dropped: u64,
    pub(crate) doubled: u64,
    pub(crate) delayed: u64,
}

/// Counts that several tasks add to.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counts>);

impl Tally {
    /// Adds.
    pub(crate) fn add(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// As they stand.
    pub(crate) fn counts(&self) -> Counts {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Counts {
    /// What was done too seldom for the verdict to mean anything.
    pub(crate) fn too_few(&self) -> Vec<String> {
        let least = [
            ("kills", self.kills, 40),
            ("stops", self.stops, 20),
            ("Postgres restarts", self.postgres_restarts, 3),
            ("backends ended", self.backends, 50),
            ("disk-full", self.disk_full, 1),
            ("orchestrator kills", self.orchestrator_kills, 2),
            ("clock jumps", self.clock_jumps, 2),
            ("responses dropped", self.dropped, 1),
            ("requests doubled", self.doubled, 1),
        ];
        let too_few = least.iter().filter(|(_, done, least)| done < least);
        too_few
            .map(|(what, done, least)| format!("{what}: {done}, and {least} are asked for"))
            .collect()
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "kills {}, stops {}, Postgres restarts {}, backends {}, disk-full {}, orchestrator kills {}, clock jumps {}, dropped {}, doubled {}, delayed {}",
            self.kills,
            self.stops,
            self.postgres_restarts,
            self.backends,
            self.disk_full,
            self.orchestrator_kills,
            self.clock_jumps,
            self.dropped,
            self.doubled,
            self.delayed
        )
    }
}
