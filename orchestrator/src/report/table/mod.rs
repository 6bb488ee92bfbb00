//! An experiment's table: arms and recurrences against references.

mod build;
mod cells;
mod human;
mod notes;
mod order;
mod read;

pub use build::{Results, RunScore, build};
pub use read::read;
