//! The one place that asks for the time: how long training took, when a checkpoint is due, what a
//! benchmark measures. No result depends on it.

use std::time::{Duration, Instant};

/// A stopwatch that already shows the seconds of earlier attempts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch {
    started: Instant,
    before: Duration,
}

impl Stopwatch {
    /// Starts at `seconds`; what is no time starts at zero.
    pub(crate) fn from_seconds(seconds: f64) -> Self {
        Self {
            started: Instant::now(),
            before: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
        }
    }

    /// Time shown.
    pub(crate) fn elapsed(&self) -> Duration {
        self.before + self.started.elapsed()
    }
}
