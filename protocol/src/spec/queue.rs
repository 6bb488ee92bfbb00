//! Where and how urgently an experiment's runs wait. No number depends on it: it is no part of a run's specification.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::state::DeviceKind;

/// Priorities lie between −1,000 and 1,000.
pub const PRIORITIES: std::ops::RangeInclusive<i32> = -1000..=1000;
/// Most retries that may be asked for.
const MOST_RETRIES: u32 = 20;

/// The `[queue]` table. All of it may be changed while runs wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueueFile {
    /// Which workers may take the runs.
    pub pool: String,
    /// Higher is sooner; an hour of waiting is worth one.
    pub priority: i32,
    /// A worker must have all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The kind of device the runs need; absent for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceKind>,
    /// The device memory a run needs, in MiB.
    pub memory_mib: u64,
    /// At most this many runs of the experiment at a time; absent for as many as there are devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_parallel: Option<u32>,
    /// How often a run whose own error ended it is tried again.
    pub retries: u32,
    /// When what has not ended is cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DateTime<Utc>>,
    /// A trainer that reports nothing new for this long is taken for hung; absent for the server's own limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress_minutes: Option<u32>,
    /// Whether a run may be stopped at a checkpoint for one of a higher priority.
    pub preemptible: bool,
}

impl Default for QueueFile {
    fn default() -> Self {
        Self {
            pool: "default".to_owned(),
            priority: 0,
            labels: Vec::new(),
            device: None,
            memory_mib: 0,
            max_parallel: None,
            retries: 0,
            deadline: None,
            progress_minutes: None,
            preemptible: false,
        }
    }
}

impl QueueFile {
    /// Whether it says what an absent table says.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong with it: each fault's key and what is allowed.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let mut refuse_unless = |holds: bool, key, message: &str| {
            if !holds {
                faults.push((key, message.to_owned()));
            }
        };
        refuse_unless(
            !self.pool.is_empty(),
            "pool",
            "give a pool's name, e.g. \"default\"",
        );
        refuse_unless(
            PRIORITIES.contains(&self.priority),
            "priority",
            "give a number from -1000 to 1000; 0 is usual",
        );
        refuse_unless(
            self.labels.iter().all(|label| !label.is_empty()),
            "labels",
            "a label is a word, e.g. \"a100\"",
        );
        refuse_unless(
            self.max_parallel != Some(0),
            "max_parallel",
            "0 would never run: give 1 or more, or leave it out",
        );
        refuse_unless(
            self.memory_mib <= 1 << 30,
            "memory_mib",
            "that is more than any device has: give MiB",
        );
        refuse_unless(self.retries <= MOST_RETRIES, "retries", "give 0 to 20");
        refuse_unless(
            self.progress_minutes != Some(0),
            "progress_minutes",
            "give 1 or more minutes, or leave it out",
        );
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::QueueFile;

    #[test]
    fn an_empty_table_is_the_default_and_sound() {
        let read: QueueFile = toml::from_str("").unwrap();
        assert_eq!(read, QueueFile::default());
        assert!(read.faults().is_empty());
    }

    #[test]
    fn what_could_never_run_is_refused_by_its_key() {
        let text = "pool = \"\"\npriority = 1001\nmax_parallel = 0\nretries = 21\nprogress_minutes = 0\nlabels = [\"\"]";
        let read: QueueFile = toml::from_str(text).unwrap();
        let keys: Vec<_> = read.faults().into_iter().map(|(key, _)| key).collect();
        assert_eq!(
            keys,
            [
                "pool",
                "priority",
                "labels",
                "max_parallel",
                "retries",
                "progress_minutes"
            ]
        );
        assert!(toml::from_str::<QueueFile>("priorities = 1").is_err());
        assert!(toml::from_str::<QueueFile>("deadline = \"soon\"").is_err());
    }
}
