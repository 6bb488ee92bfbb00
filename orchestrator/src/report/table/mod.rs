//! An experiment's table: arms and recurrences against references.

mod build;
mod cells;
mod encoders;
mod human;
mod notes;
mod order;
mod read;
mod results;

pub use build::build;
pub use read::read;
pub use results::{Results, RunScore};
