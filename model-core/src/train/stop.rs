//! How a run is asked to stop: checked before every step.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Write a checkpoint and give the run back.
    Yield,
    /// End; nothing is kept.
    Cancel,
}

/// The signal; clones share it.
#[derive(Debug, Clone, Default)]
pub struct StopSignal(Arc<AtomicU8>);

impl StopSignal {
    /// Asks for a checkpoint and the end. Does not take back a cancellation.
    pub fn yield_now(&self) {
        // Only from "nothing asked" to "yield": a cancellation stands.
        let _ = self
            .0
            .compare_exchange(0, 1, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Asks for the end.
    pub fn cancel(&self) {
        self.0.store(2, Ordering::Relaxed);
    }

    /// What is asked, if anything.
    pub fn asked(&self) -> Option<Stop> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(Stop::Yield),
            _ => Some(Stop::Cancel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Stop, StopSignal};

    #[test]
    fn a_cancellation_outlasts_a_yield() {
        let signal = StopSignal::default();
        assert_eq!(signal.asked(), None);
        signal.clone().yield_now();
        assert_eq!(signal.asked(), Some(Stop::Yield));
        signal.cancel();
        signal.yield_now();
        assert_eq!(signal.asked(), Some(Stop::Cancel));
    }
}
