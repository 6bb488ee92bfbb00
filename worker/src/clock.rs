//! The worker's time: for display and for waiting, never for judging a lease.

use std::time::SystemTime;

use chrono::{DateTime, Utc};

/// Now, by this machine's clock.
pub(crate) fn now() -> DateTime<Utc> {
    DateTime::<Utc>::from(SystemTime::now())
}
