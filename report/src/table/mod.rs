//! An experiment's table: arms and recurrences against references.

mod build;
mod cells;
mod encoders;
mod human;
mod notes;
mod order;

pub use build::build;
pub(crate) use cells::is_fusion;
