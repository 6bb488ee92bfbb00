//! The server's home folder: its lock, its token and its address.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

/// What `server.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServerFile {
    /// `http://host:port`.
    pub(crate) address: String,
    /// The server's process.
    pub(crate) pid: u32,
}

/// A home that is this process's alone while it lives.
#[derive(Debug)]
pub(crate) struct Home {
    folder: PathBuf,
    _lock: Flock<File>,
}

/// Why a home cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HomeError {
    /// Another server lives there.
    #[error(
        "a server already runs on {folder}: {address}; use it, end it with `mrprism down`, or give another --home"
    )]
    Taken {
        /// The home.
        folder: PathBuf,
        /// Where that server listens.
        address: String,
    },
    /// The folder.
    #[error("the home {folder} cannot be used: {source}")]
    Unusable {
        /// The home.
        folder: PathBuf,
        /// What failed.
        source: io::Error,
    },
}

impl Home {
    /// Takes `folder`, which is made where it is missing.
    ///
    /// # Errors
    /// Another server lives there, or the folder cannot be used.
    pub(crate) fn take(folder: &Path) -> Result<Self, HomeError> {
        let unusable = |source| HomeError::Unusable {
            folder: folder.to_owned(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        let folder = folder.canonicalize().map_err(unusable)?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(folder.join("lock"))
            .map_err(unusable)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Self {
                folder,
                _lock: lock,
            }),
            Err(_) => Err(HomeError::Taken {
                address: read_server_file(&folder).map_or_else(
                    || "it is starting or ending".to_owned(),
                    |file| file.address,
                ),
                folder,
            }),
        }
    }

    /// Where private Postgres lies.
    pub(crate) fn postgres(&self) -> PathBuf {
        self.folder.join("pg")
    }

    /// Where the token stands.
    pub(crate) fn token(&self) -> PathBuf {
        self.folder.join("token")
    }

    /// The folder of stored files, made where it is missing.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn artifacts(&self) -> io::Result<PathBuf> {
        let folder = self.folder.join("artifacts");
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        Ok(folder)
    }

    /// Says where the server listens.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn publish(&self, address: String) -> io::Result<()> {
        let file = ServerFile {
            address,
            pid: std::process::id(),
        };
        write_private(
            &self.folder.join("server.json"),
            &serde_json::to_string(&file)?,
        )
    }

    /// Says that the server listens no more.
    pub(crate) fn withdraw(&self) {
        let file = self.folder.join("server.json");
        if let Err(error) = std::fs::remove_file(&file) {
            tracing::debug!(%error, "{} could not be removed", file.display());
        }
    }
}

/// Where the server of a home listens, if it says so.
pub(crate) fn read_server_file(folder: &Path) -> Option<ServerFile> {
    serde_json::from_str(&std::fs::read_to_string(folder.join("server.json")).ok()?).ok()
}

/// Writes a file that only its owner can read, whole or not at all.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::{Home, HomeError};

    #[test]
    fn a_second_server_on_a_live_home_is_refused_with_its_address() {
        let folder = tempfile::tempdir().unwrap();
        let first = Home::take(folder.path()).unwrap();
        first.publish("http://127.0.0.1:8080".to_owned()).unwrap();
        let error = Home::take(folder.path()).unwrap_err();
        assert!(matches!(error, HomeError::Taken { .. }));
        assert!(
            error.to_string().contains("http://127.0.0.1:8080"),
            "{error}"
        );
        drop(first);
        Home::take(folder.path()).unwrap();
    }
}
