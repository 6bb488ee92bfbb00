//! `postmaster.pid`: which server runs on a cluster, if one does.

use std::path::{Path, PathBuf};

/// A server that runs on the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) pid: i32,
    pub(super) sockets: PathBuf,
    pub(super) standing: Standing,
}

/// Where a server stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It takes connections.
    Ready,
    /// It does not yet.
    Starting,
    /// It does not any more.
    Stopping,
}

/// What the file of `data` says and the system confirms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// No file.
    Nothing,
    /// A file, but no such server: it was killed, or the machine was.
    Stale {
        /// Whether its process number is a stranger's now, whom Postgres would take for its own.
        stranger: bool,
    },
    /// A server.
    Running(Server),
}

/// Looks at the cluster in `data`.
pub(super) fn look(data: &Path) -> Found {
    let Ok(text) = std::fs::read_to_string(path(data)) else {
        return Found::Nothing;
    };
    match parse(&text) {
        Some(server) if runs_on(server.pid, data) => Found::Running(server),
        Some(server) => Found::Stale {
            stranger: process(server.pid).exists(),
        },
        None => Found::Stale { stranger: true },
    }
}

/// The file's path.
pub(super) fn path(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

/// Lines: process, data folder, start, port, socket folder, address, shared memory, state.
fn parse(text: &str) -> Option<Server> {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let standing = match lines.get(7).copied().unwrap_or_default() {
        "ready" | "standby" => Standing::Ready,
        "stopping" => Standing::Stopping,
        _ => Standing::Starting,
    };
    Some(Server {
        pid: lines.first()?.parse().ok().filter(|pid| *pid > 1)?,
        sockets: PathBuf::from(lines.get(4).copied().unwrap_or_default()),
        standing,
    })
}

/// Whether process `pid` is a server on `data`: its working folder is the cluster. A reused number is not.
fn runs_on(pid: i32, data: &Path) -> bool {
    let folder = std::fs::read_link(process(pid).join("cwd"));
    folder.is_ok_and(|folder| folder == data)
}

fn process(pid: i32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Found, Server, Standing, look, parse, path};

    #[test]
    fn a_servers_file_is_read() {
        let text = "4711\n/home/pg/data\n1700000000\n5432\n/home/pg/socket\n\n  123 4\nready   \n";
        let server = Server {
            pid: 4711,
            sockets: PathBuf::from("/home/pg/socket"),
            standing: Standing::Ready,
        };
        assert_eq!(parse(text), Some(server));
        assert_eq!(
            parse("4711\n/home/pg/data\n").map(|server| server.standing),
            Some(Standing::Starting)
        );
        assert_eq!(parse("none"), None);
    }

    #[test]
    fn a_file_that_names_another_process_is_stale() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(look(data.path()), Found::Nothing);
        let file = path(data.path());
        std::fs::write(&file, format!("{}\n", std::process::id())).unwrap();
        assert_eq!(look(data.path()), Found::Stale { stranger: true });
        // No process has a number that large.
        std::fs::write(&file, format!("{}\n", i32::MAX)).unwrap();
        assert_eq!(look(data.path()), Found::Stale { stranger: false });
    }
}
