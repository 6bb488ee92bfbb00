//! What can be wrong with a definition, said so that its author can mend it.

use serde::{Deserialize, Serialize};

/// A word that is none of an enum's spellings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{found}' is no {kind}: allowed are {allowed}")]
pub struct NotSpelled {
    /// The enum's name.
    pub kind: &'static str,
    /// What was written.
    pub found: String,
    /// Every allowed spelling, joined by commas.
    pub allowed: String,
}

/// One fault of a definition file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}", self.place())]
pub struct SpecError {
    /// The file as its author named it.
    pub file: String,
    /// Line of the fault, from 1, where it can be told.
    pub line: Option<usize>,
    /// Dotted key, e.g. `base.train.lr`; empty for the whole file.
    pub key: String,
    /// What is wrong and what is allowed.
    pub message: String,
}

impl SpecError {
    /// A fault of `file` as a whole.
    pub fn of_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: None,
            key: String::new(),
            message: message.into(),
        }
    }

    fn place(&self) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        let key = if self.key.is_empty() {
            String::new()
        } else {
            format!(" `{}`:", self.key)
        };
        format!("{}{line}:{key} {}", self.file, self.message)
    }
}

/// Line (from 1) of byte `offset` in `text`.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()
        .iter()
        .take(offset)
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

/// Parses a TOML document strictly into `T`, with file and line in the fault.
///
/// # Errors
/// Broken TOML, an unknown key, a wrong type or a value that `T` refuses.
pub fn parse_toml<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, SpecError> {
    toml::from_str(text).map_err(|error| SpecError {
        file: file.to_owned(),
        line: error.span().map(|span| line_of(text, span.start)),
        key: String::new(),
        message: error.message().to_owned(),
    })
}
