//! A Postgres of our own: found, initialised, started, adopted, stopped.
//!
//! It listens on a Unix socket in a folder that only its owner enters, and asks for a password all the same. It belongs
//! to the home: it outlives a server that was killed, and the next server adopts it.

mod account;
mod binaries;
mod cluster;
mod folder;
mod pidfile;

pub use binaries::{Binaries, Search};
pub use cluster::{Durability, Postgres};

use std::io;
use std::path::PathBuf;

/// Why there is no private Postgres.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No binaries.
    #[error(
        "no PostgreSQL 15 to 18 found ({looked}): run `make setup`, which fetches it, or give --postgres-bin DIR, or --database-url of one that runs"
    )]
    NotFound {
        /// Where it was looked for.
        looked: String,
    },
    /// The folder that was named holds none that will do.
    #[error("{folder} holds no PostgreSQL 15 to 18: {what}")]
    Unfit {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The cluster is another version's.
    #[error(
        "the database in {data} was made by PostgreSQL {there}, and {bin} is PostgreSQL {found}: give --postgres-bin with binaries of PostgreSQL {there}, or move {data} away to begin anew"
    )]
    OtherVersion {
        /// The cluster.
        data: PathBuf,
        /// Its major version.
        there: u32,
        /// The binaries.
        bin: PathBuf,
        /// Their major version.
        found: u32,
    },
    /// Root, and nobody to be instead.
    #[error(
        "PostgreSQL refuses to run as root, and there is neither a user 'postgres' nor 'nobody' to run it as: start the server as another user or give --database-url"
    )]
    NoUser,
    /// A folder that somebody else made.
    #[error(
        "{folder} belongs to somebody else (user {owner}), so no database is put there: remove it or give another --home"
    )]
    Foreign {
        /// The folder.
        folder: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// A program failed.
    #[error("{program} failed: {said}")]
    Program {
        /// The program.
        program: String,
        /// What it said last.
        said: String,
    },
    /// It did not become ready or did not end in time.
    #[error("PostgreSQL did not {what} within {seconds} s; its log is {log}")]
    TooSlow {
        /// `start` or `stop`.
        what: &'static str,
        /// How long it was given.
        seconds: u64,
        /// Where its log is.
        log: PathBuf,
    },
    /// The disk.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What failed.
        source: io::Error,
    },
    /// The connection.
    #[error("the private PostgreSQL does not take our connection")]
    Connection(#[from] sqlx::Error),
}

impl PostgresError {
    fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}
