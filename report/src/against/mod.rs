//! A table beside the one that a paper printed: ours, theirs and the difference, by a map that says what answers to what.

mod compare;
mod paper;
mod print;

pub use compare::{Against, AgainstLine, AgainstTable, compare};
pub use paper::{Paper, PaperError};
pub use print::{csv, markdown, text};
