//! Processes of a home: told apart from later ones with the same number by their start time.

use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;

/// A process that wrote its number into a file of the home.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Process {
    /// Its number.
    pub(crate) pid: i32,
    /// When it started, in clock ticks since boot, where the file says it.
    pub(crate) started: Option<u64>,
}

impl Process {
    /// Whether the process still lives and is the program it should be.
    pub(crate) fn is_alive(&self, program: &str) -> bool {
        let Some(stat) = Stat::of(self.pid) else {
            return false;
        };
        // The kernel keeps 15 letters of a program's name.
        program.starts_with(&stat.name)
            && self.started.is_none_or(|started| started == stat.started)
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        // It may have ended just now, which is what is wanted.
        let _ = kill(Pid::from_raw(self.pid), Signal::SIGTERM);
    }
}

struct Stat {
    name: String,
    started: u64,
}

impl Stat {
    /// What the kernel says of a live process; a zombie counts as ended.
    fn of(pid: i32) -> Option<Self> {
        let file = Path::new("/proc").join(pid.to_string()).join("stat");
        let stat = std::fs::read_to_string(file).ok()?;
        // The name stands in brackets and may hold anything: fields count from the last bracket.
        let (head, fields) = stat.rsplit_once(')')?;
        let (_, name) = head.split_once('(')?;
        let mut fields = fields.split_whitespace();
        let state = fields.next()?;
        (state != "Z" && state != "X").then_some(())?;
        Some(Self {
            name: name.to_owned(),
            started: fields.nth(18)?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Process, Stat};

    #[test]
    fn a_process_is_known_by_number_name_and_start() {
        let mut child = std::process::Command::new("sleep")
            .arg("600")
            .spawn()
            .unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        // Until the child has become `sleep` it bears this test's name.
        while Stat::of(pid).is_none_or(|stat| stat.name != "sleep") {
            std::thread::yield_now();
        }
        let started = Some(Stat::of(pid).unwrap().started);
        assert!(Process { pid, started }.is_alive("sleep"));
        assert!(Process { pid, started: None }.is_alive("sleep"));
        assert!(
            !Process {
                pid,
                started: Some(1)
            }
            .is_alive("sleep")
        );
        assert!(!Process { pid, started }.is_alive("mrprism-worker"));
        Process { pid, started }.terminate();
        child.wait().unwrap();
        assert!(!Process { pid, started }.is_alive("sleep"));
    }
}
