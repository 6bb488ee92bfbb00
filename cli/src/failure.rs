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

/// Ends with exit code 2 where `result` is an error.
pub(crate) fn as_wrong_use<T, E: std::fmt::Display>(result: Result<T, E>) -> anyhow::Result<T> {
    result.map_err(|error| wrong_use(error.to_string()))
}
