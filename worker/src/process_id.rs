//! A process told apart from any later one with the same number: pid, start time and boot.

use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// One process of one boot of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessId {
    /// Its number.
    pub(crate) pid: i32,
    /// When it started, in clock ticks since boot (field 22 of `/proc/<pid>/stat`).
    pub(crate) started: u64,
    /// The boot it belongs to.
    pub(crate) boot: String,
}

impl ProcessId {
    /// The process with this number, where it lives.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok()?;
        Some(Self {
            pid,
            started: started(pid)?,
            boot: boot(),
        })
    }

    /// This process.
    pub(crate) fn own() -> Option<Self> {
        Self::of(std::process::id())
    }

    /// Whether exactly this process still lives.
    pub(crate) fn is_alive(&self) -> bool {
        self.boot == boot() && started(self.pid) == Some(self.started)
    }

    /// Ends exactly this process at once; nothing happens to another with the same number.
    pub(crate) fn end(&self) {
        if self.is_alive() {
            // It may have ended between the two calls, which is what is wanted.
            let _ = kill(Pid::from_raw(self.pid), Signal::SIGKILL);
        }
    }
}

/// Start time of a live process; a zombie counts as ended.
fn started(pid: i32) -> Option<u64> {
    let stat =
        std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    // The command's name stands in brackets and may hold anything: fields count from the last bracket.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    (state != "Z" && state != "X").then_some(())?;
    fields.nth(18)?.parse().ok()
}

fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|text| text.trim().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::ProcessId;

    #[test]
    fn only_the_very_same_process_is_alive_and_ended() {
        let mut child = std::process::Command::new("sleep")
            .arg("600")
            .spawn()
            .unwrap();
        let process = ProcessId::of(child.id()).unwrap();
        assert!(process.is_alive());
        let later = ProcessId {
            started: process.started + 1,
            ..process.clone()
        };
        later.end();
        assert!(!later.is_alive() && process.is_alive());
        process.end();
        child.wait().unwrap();
        assert!(!process.is_alive());
    }
}
