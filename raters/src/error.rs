//! What can be wrong with data, said so that the person who holds them can mend it.

use std::path::{Path, PathBuf};

use mrprism_protocol::spec::SpecError;

/// A fault of a data set, of one of its files, or of a stored prediction.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The definition file is not one.
    #[error(transparent)]
    Definition(#[from] SpecError),

    /// A key of the definition has a value that makes no sense.
    #[error("data set '{dataset}', key `{key}`: {message}")]
    Key {
        /// The data set's name.
        dataset: String,
        /// Dotted key of `dataset.toml`.
        key: &'static str,
        /// What is wrong and what is allowed.
        message: String,
    },

    /// The data set's form needs files, and nobody said where they are.
    #[error(
        "data set '{dataset}' has files, but no folder was given: name it under [data.roots] of mrprism.toml or register the folder"
    )]
    NoRoot {
        /// The data set's name.
        dataset: String,
    },

    /// The operating system refused.
    #[error("cannot {doing} {path}: {source}")]
    File {
        /// What was being done: `read`, `write`, `list`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },

    /// A file is not what its place says it is.
    #[error("cannot decode {path}: {message}")]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        message: String,
    },

    /// A path leads out of the data set's folder.
    #[error(
        "{path} leads out of the data set's folder {root}: replace the link by the file, or move the root up"
    )]
    Outside {
        /// The offending path.
        path: PathBuf,
        /// The folder.
        root: PathBuf,
    },

    /// No case was found.
    #[error("no case in {root}: {looked_for}")]
    NoCases {
        /// The data set's folder.
        root: PathBuf,
        /// What was looked for and what to change.
        looked_for: String,
    },

    /// Cases were found, but no rater's mask.
    #[error("no rater's mask in {root}: {looked_for}")]
    NoRaters {
        /// The data set's folder.
        root: PathBuf,
        /// What was looked for and what to change.
        looked_for: String,
    },

    /// A case's pieces do not belong together.
    #[error("case '{case}': {message}")]
    Case {
        /// The case.
        case: String,
        /// What is wrong, with which file, and what to do.
        message: String,
    },

    /// A picture for people cannot be drawn.
    #[error("cannot draw the picture: {0}")]
    Picture(String),

    /// The split rule or the asked fold cannot be followed.
    #[error("splits of data set '{dataset}': {message}")]
    Split {
        /// The data set's name.
        dataset: String,
        /// What is wrong and what to do.
        message: String,
    },
}

impl DataError {
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File {
            doing,
            path,
            source,
        }
    }

    pub(crate) fn broken(path: &Path, message: impl Into<String>) -> Self {
        Self::Broken {
            path: path.to_path_buf(),
            message: message.into(),
        }
    }

    pub(crate) fn case(case: &str, message: impl Into<String>) -> Self {
        Self::Case {
            case: case.to_owned(),
            message: message.into(),
        }
    }
}
