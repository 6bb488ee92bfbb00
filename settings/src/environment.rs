//! The environment, read for this workspace's settings here and nowhere else.

/// A variable's value; one that is empty counts as not given.
#[expect(
    clippy::disallowed_methods,
    reason = "this file is where settings are read from the environment"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
