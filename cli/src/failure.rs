//! The one distinction that exit codes make: wrong use (2) or a failure (1).

/// The command was used wrongly: a file with faults, a name that nothing has.
#[derive(Debug)]
pub(crate) struct WrongUse(pub(crate) String);

impl std::fmt::Display for WrongUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUse {}

/// An error that ends with exit code 2.
pub(crate) fn wrong_use(message: impl Into<String>) -> anyhow::Error {
    WrongUse(message.into()).into()
}

/// A fault of the settings file or of `MRPRISM_*` is wrong use; what is missing in a home is not.
pub(crate) fn of_settings(error: mrprism_settings::Error) -> anyhow::Error {
    use mrprism_settings::Error;
    match error {
        Error::Unreadable {
            file: Some(file),
            source,
        } => wrong_use(format!("{}: {source}", file.display())),
        Error::NoFile(_) | Error::DataRoots { .. } => wrong_use(error.to_string()),
        error => error.into(),
    }
}

/// Ends with exit code 2 where `result` is an error.
pub(crate) fn as_wrong_use<T, E: std::fmt::Display>(result: Result<T, E>) -> anyhow::Result<T> {
    result.map_err(|error| wrong_use(error.to_string()))
}
