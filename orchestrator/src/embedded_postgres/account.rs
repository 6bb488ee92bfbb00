//! Whom Postgres runs as: us, or, since it refuses to be root, another existing user.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Gid, Uid, User};

use super::PostgresError;

/// Tried in this order by a root caller.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// The user and group that own the cluster and its processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: Uid,
    pub(super) gid: Gid,
    /// Whether it is another one than this process's.
    pub(super) other: bool,
}

impl Account {
    /// This process's own, or the first of the known users for root.
    pub(super) fn choose() -> Result<Self, PostgresError> {
        if !Uid::effective().is_root() {
            return Ok(Self {
                uid: Uid::effective(),
                gid: Gid::effective(),
                other: false,
            });
        }
        USERS
            .iter()
            .filter_map(|name| User::from_name(name).ok().flatten())
            .find(|user| !user.uid.is_root())
            .map(|user| Self {
                uid: user.uid,
                gid: user.gid,
                other: true,
            })
            .ok_or(PostgresError::NoUser)
    }

    /// `program`, to be run as this user in `folder` with a plain environment.
    pub(super) fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("LC_ALL", "C"), ("TZ", "UTC")])
            .stdin(std::process::Stdio::null());
        if self.other {
            command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
        }
        command
    }
}
