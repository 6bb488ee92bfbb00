//! Whole runs of the real programs: through a server, without one, and with something dying in between.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod claims;
mod lab;
mod queue;
mod scoring;
mod train;
