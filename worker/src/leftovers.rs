//! Children of earlier worker processes: ended before a device is offered, so that no two trainers share it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::process_id::ProcessId;

/// What a run folder says of the child that writes in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ChildRecord {
    /// The trainer.
    pub(crate) child: ProcessId,
    /// The worker process that started it.
    pub(crate) supervisor: ProcessId,
}

const RECORD: &str = "child.json";

impl ChildRecord {
    /// Writes the record into an attempt's folder.
    pub(crate) fn write(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::write(folder.join(RECORD), serde_json::to_vec(self)?)
    }

    /// The record of an attempt's folder, if it has a readable one.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join(RECORD)).ok()?).ok()
    }

    /// Removes it, once the child has ended.
    pub(crate) fn remove(folder: &Path) {
        // A record that stays names a process that has ended: harmless.
        let _ = std::fs::remove_file(folder.join(RECORD));
    }
}

/// Whether a live trainer writes in this attempt's folder.
pub(crate) fn is_in_use(folder: &Path) -> bool {
    ChildRecord::read(folder).is_some_and(|record| record.child.is_alive())
}

/// Ends every recorded child below `runs` whose worker process is gone, and waits until they have ended. Children
/// of another live worker process are its own business. Returns how many were ended.
pub(crate) async fn end_all(runs: &Path) -> usize {
    let mut ended = Vec::new();
    for folder in attempt_folders(runs) {
        let Some(record) = ChildRecord::read(&folder) else {
            continue;
        };
        if record.supervisor.is_alive() {
            continue;
        }
        if record.child.is_alive() {
            tracing::warn!(
                "ending a trainer left by an earlier worker: {}",
                record.child.pid
            );
            record.child.end();
            ended.push(record.child);
        }
        ChildRecord::remove(&folder);
    }
    while ended.iter().any(ProcessId::is_alive) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ended.len()
}

/// Every `<run>/<attempt>` folder.
fn attempt_folders(runs: &Path) -> Vec<PathBuf> {
    folders(runs).iter().flat_map(|run| folders(run)).collect()
}

/// Folders directly below `folder`; none where it cannot be read.
pub(crate) fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{ChildRecord, end_all};
    use crate::process_id::ProcessId;

    fn sleeper() -> std::process::Child {
        std::process::Command::new("sleep")
            .arg("600")
            .spawn()
            .unwrap()
    }

    #[tokio::test]
    async fn a_dead_workers_trainer_is_ended_and_a_live_workers_is_not() {
        let runs = tempfile::tempdir().unwrap();
        let mut gone = sleeper();
        let gone_id = ProcessId::of(gone.id()).unwrap();
        gone.kill().unwrap();
        gone.wait().unwrap();
        let (mut orphan, mut owned) = (sleeper(), sleeper());
        for (name, child, supervisor) in [
            ("orphan", &orphan, gone_id),
            ("owned", &owned, ProcessId::own().unwrap()),
        ] {
            let folder = runs.path().join("run").join(name);
            std::fs::create_dir_all(&folder).unwrap();
            let child = ProcessId::of(child.id()).unwrap();
            ChildRecord { child, supervisor }.write(&folder).unwrap();
        }

        assert_eq!(end_all(runs.path()).await, 1);
        assert!(!orphan.wait().unwrap().success());
        assert!(owned.try_wait().unwrap().is_none());
        assert_eq!(end_all(runs.path()).await, 0);
        owned.kill().unwrap();
        owned.wait().unwrap();
    }
}
