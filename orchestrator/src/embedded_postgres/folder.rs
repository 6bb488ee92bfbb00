//! Where the cluster lies, so that its user can reach it and its socket's path is short enough.

use std::fs::{DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::Account;
use super::{Binaries, PostgresError};

/// Longest path of a Unix socket in bytes.
const SOCKET_LIMIT: usize = 107;
/// The socket's name in its folder.
const SOCKET: &str = ".s.PGSQL.5432";

/// Where everything of a cluster lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The folder of the cluster, its password and its log.
    pub(super) base: PathBuf,
    /// The folder of the socket.
    pub(super) sockets: PathBuf,
    /// The binaries, where the cluster's user can reach them.
    pub(super) binaries: Binaries,
}

impl Place {
    /// `wanted`, or where the cluster's user cannot reach it or the binaries, a folder under `/var/tmp`.
    pub(super) fn choose(
        wanted: &Path,
        binaries: &Binaries,
        account: &Account,
    ) -> Result<Self, PostgresError> {
        private_folder(wanted, account)?;
        let wanted = wanted
            .canonicalize()
            .map_err(PostgresError::io("finding", wanted))?;
        let fallback = Path::new("/var/tmp").join(format!("mrprism-{}", short_hash(&wanted)));
        let base = if enters(account, &wanted)? {
            wanted
        } else {
            private_folder(&fallback, account)?;
            tracing::info!(
                "user {} cannot reach {}: the database lies in {}",
                account.uid,
                wanted.display(),
                fallback.display()
            );
            fallback
                .canonicalize()
                .map_err(PostgresError::io("finding", &fallback))?
        };
        let binaries = if runs(account, binaries)? {
            binaries.clone()
        } else {
            private_folder(&fallback, account)?;
            copy_binaries(binaries, &fallback, account)?
        };
        Ok(Self {
            sockets: sockets(&base, account)?,
            base,
            binaries,
        })
    }

    /// The cluster itself.
    pub(super) fn data(&self) -> PathBuf {
        self.base.join("data")
    }

    /// Its password.
    pub(super) fn password(&self) -> PathBuf {
        self.base.join("password")
    }

    /// Its log.
    pub(super) fn log(&self) -> PathBuf {
        self.base.join("postgres.log")
    }
}

/// Whether `account` can work in `folder`. Found out by doing it: access rights have more sources than modes.
fn enters(account: &Account, folder: &Path) -> Result<bool, PostgresError> {
    let shell = Path::new("/bin/sh");
    let mut probe = account.command(shell, folder);
    probe.args(["-c", ":"]);
    succeeds(account, &mut probe, shell)
}

/// Whether `account` can run the binaries.
fn runs(account: &Account, binaries: &Binaries) -> Result<bool, PostgresError> {
    let program = binaries.program("postgres");
    let mut probe = account.command(&program, Path::new("/"));
    probe.arg("--version");
    succeeds(account, &mut probe, &program)
}

fn succeeds(account: &Account, probe: &mut Command, program: &Path) -> Result<bool, PostgresError> {
    if !account.other {
        return Ok(true);
    }
    match probe.output() {
        Ok(output) => Ok(output.status.success()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(false),
        Err(error) => Err(PostgresError::io("running", program)(error)),
    }
}

/// The folder of the socket: in the cluster's, or where that is too long a path, under `/tmp`.
fn sockets(base: &Path, account: &Account) -> Result<PathBuf, PostgresError> {
    let beside = base.join("socket");
    let folder = if beside.join(SOCKET).as_os_str().len() <= SOCKET_LIMIT {
        beside
    } else {
        Path::new("/tmp").join(format!("mrprism-{}", short_hash(base)))
    };
    private_folder(&folder, account)?;
    Ok(folder)
}

/// Makes a folder that only `account` enters. One that is there must be its or ours, and no link.
pub(super) fn private_folder(folder: &Path, account: &Account) -> Result<(), PostgresError> {
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent).map_err(PostgresError::io("making", parent))?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(PostgresError::io("making", folder)(error)),
    }
    let found = folder
        .symlink_metadata()
        .map_err(PostgresError::io("looking at", folder))?;
    let ours = [account.uid.as_raw(), nix::unistd::Uid::effective().as_raw()];
    if !found.is_dir() || !ours.contains(&found.uid()) {
        return Err(PostgresError::Foreign {
            folder: folder.to_owned(),
            owner: found.uid(),
        });
    }
    give(folder, account)?;
    std::fs::set_permissions(folder, Permissions::from_mode(0o700))
        .map_err(PostgresError::io("closing", folder))
}

/// Makes `path` the account's.
pub(super) fn give(path: &Path, account: &Account) -> Result<(), PostgresError> {
    if !account.other {
        return Ok(());
    }
    nix::unistd::chown(path, Some(account.uid), Some(account.gid))
        .map_err(|error| PostgresError::io("giving away", path)(error.into()))
}

/// Copies the installation that the binaries belong to: `bin`, `lib` and `share` find each other by relative paths.
fn copy_binaries(
    binaries: &Binaries,
    base: &Path,
    account: &Account,
) -> Result<Binaries, PostgresError> {
    let from = binaries.folder.parent().unwrap_or(&binaries.folder);
    let to = base.join(format!("postgres-{}", binaries.major));
    let copied = Binaries {
        folder: to.join("bin"),
        major: binaries.major,
    };
    if !copied.folder.is_dir() {
        let unfinished = base.join("postgres.new");
        remove_folder(&unfinished)?;
        copy_folder(from, &unfinished, account)?;
        std::fs::rename(&unfinished, &to).map_err(PostgresError::io("making", &to))?;
        tracing::info!(
            "user {} cannot reach {}: its binaries were copied to {}",
            account.uid,
            from.display(),
            to.display()
        );
    }
    Ok(copied)
}

fn copy_folder(from: &Path, to: &Path, account: &Account) -> Result<(), PostgresError> {
    std::fs::create_dir(to).map_err(PostgresError::io("making", to))?;
    give(to, account)?;
    for entry in std::fs::read_dir(from).map_err(PostgresError::io("reading", from))? {
        let entry = entry.map_err(PostgresError::io("reading", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry
            .file_type()
            .map_err(PostgresError::io("looking at", &source))?;
        if kind.is_dir() {
            copy_folder(&source, &target, account)?;
        } else if kind.is_symlink() {
            let link =
                std::fs::read_link(&source).map_err(PostgresError::io("reading", &source))?;
            std::os::unix::fs::symlink(link, &target)
                .map_err(PostgresError::io("linking", &target))?;
        } else {
            std::fs::copy(&source, &target).map_err(PostgresError::io("copying", &source))?;
            give(&target, account)?;
        }
    }
    Ok(())
}

/// Removes a folder with all it holds, if it is there.
pub(super) fn remove_folder(folder: &Path) -> Result<(), PostgresError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(PostgresError::io("removing", folder)(error))
        }
        _ => Ok(()),
    }
}

/// 16 hex digits that stand for a path.
fn short_hash(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    blake3::hash(path.as_os_str().as_bytes()).to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Account, SOCKET, SOCKET_LIMIT, private_folder, sockets};
    use crate::embedded_postgres::PostgresError;

    #[test]
    fn a_sockets_path_is_never_too_long() {
        let account = Account::choose().unwrap();
        let folder = tempfile::tempdir().unwrap();
        for depth in [0, 150] {
            let base = folder.path().join("x".repeat(depth));
            let sockets = sockets(&base, &account).unwrap();
            assert!(sockets.join(SOCKET).as_os_str().len() <= SOCKET_LIMIT);
            assert_eq!(sockets.starts_with(&base), depth == 0);
            std::fs::remove_dir(sockets).unwrap();
        }
    }

    #[test]
    fn a_link_in_the_folders_place_is_refused() {
        let account = Account::choose().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(Path::new("/"), &link).unwrap();
        assert!(matches!(
            private_folder(&link, &account),
            Err(PostgresError::Foreign { .. })
        ));
    }
}
