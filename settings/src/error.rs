//! Why settings cannot be used, said so that the person who wrote them can mend them.

use std::path::PathBuf;

use config::ConfigError;

use crate::data_root::NotADataRoot;

/// A fault of the settings, of the settings file or of the home.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A relative path cannot be followed.
    #[error("the current folder is gone")]
    CurrentFolder(#[source] std::io::Error),

    /// A flag or `MRPRISM_CONFIG` names a file that is not there.
    #[error("there is no settings file {}", .0.display())]
    NoFile(PathBuf),

    /// The file is not TOML, or a value is not what its setting takes.
    #[error("reading the settings{}", of(.file.as_ref()))]
    Unreadable {
        /// The settings file, where there is one.
        file: Option<PathBuf>,
        /// What is wrong, with the key.
        source: Box<ConfigError>,
    },

    /// A duration that cannot be one.
    #[error("{key} = {value}: give a number of seconds{least}")]
    Seconds {
        /// The setting's key.
        key: &'static str,
        /// What was given.
        value: f64,
        /// What is allowed, as the end of the sentence.
        least: &'static str,
    },

    /// The environment names data roots wrongly.
    #[error("MRPRISM_DATA_ROOTS: {cause}")]
    DataRoots {
        /// What was written. It is part of the sentence, not another one behind it.
        cause: NotADataRoot,
    },

    /// A data root's path cannot be followed.
    #[error("data root '{name}'")]
    DataRoot {
        /// The root's name.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },

    /// Nobody named a server, and none runs on the home.
    #[error(
        "no server runs on {}: start one with `mrprism up`, or name one with --server", .0.display()
    )]
    NoServer(PathBuf),

    /// A file of the home cannot be read.
    #[error("reading {}", .file.display())]
    Home {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// `server.json` holds something else.
    #[error("{} is not what a server writes", .file.display())]
    ServerFile {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },

    /// Nobody gave a token, and the home's cannot be read.
    #[error("no token: give --token, or make {} readable", .file.display())]
    NoToken {
        /// The home's token file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

fn of(file: Option<&PathBuf>) -> String {
    file.map_or_else(String::new, |file| format!(" of {}", file.display()))
}
