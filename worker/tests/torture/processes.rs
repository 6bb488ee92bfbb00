//! Processes of this torture: found by a variable that they inherit, signalled by number.

use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The variable that marks every process below the workers and the server; its value is the home.
pub(crate) const MARK: &str = "TORTURE_HOME";

/// Sends a signal; one that comes too late is as good as none.
pub(crate) fn signal(pid: u32, wanted: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        let _ = kill(Pid::from_raw(pid), wanted);
    }
}

/// The living children of a process.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    numbers()
        .into_iter()
        .filter(|pid| {
            stat(*pid).is_some_and(|(state, ppid)| ppid == parent && !"ZX".contains(state.as_str()))
        })
        .collect()
}

/// Living trainers of this home, whoever started them.
pub(crate) fn trainers(home: &Path) -> Vec<u32> {
    let mark = format!("{MARK}={}", home.display());
    let is_ours = |pid: &u32| {
        let environment = std::fs::read(proc(*pid).join("environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|entry| entry == mark.as_bytes())
    };
    let is_trainer = |pid: &u32| {
        let line = std::fs::read(proc(*pid).join("cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).nth(1) == Some(b"child".as_slice())
    };
    let lives = |pid: &u32| stat(*pid).is_some_and(|(state, _)| !"ZX".contains(state.as_str()));
    numbers()
        .into_iter()
        .filter(|pid| is_trainer(pid) && is_ours(pid) && lives(pid))
        .collect()
}

/// State and parent.
fn stat(pid: u32) -> Option<(String, u32)> {
    let text = std::fs::read_to_string(proc(pid).join("stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

/// Every process number.
fn numbers() -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// What the system says of a process.
pub(crate) fn proc(pid: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}"))
}
