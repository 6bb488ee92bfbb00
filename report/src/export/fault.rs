//! Why an export cannot be read.

use std::fmt;

/// What is wrong, in which file and, where it can be told, on which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ExportFault {
    /// The file's name.
    pub file: &'static str,
    /// From 1; none where the whole file is meant.
    pub line: Option<u64>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl ExportFault {
    pub(super) fn of_file(file: &'static str, message: impl fmt::Display) -> Self {
        Self {
            file,
            line: None,
            message: message.to_string(),
        }
    }

    pub(super) fn at(file: &'static str, line: u64, message: impl fmt::Display) -> Self {
        Self {
            line: Some(line),
            ..Self::of_file(file, message)
        }
    }
}

impl fmt::Display for ExportFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}
