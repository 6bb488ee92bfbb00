//! An experiment's table: arms and recurrences against references.

mod best;
mod build;
mod cells;
mod comparable;
mod compare;
mod encoders;
mod factors;
mod heap;
mod human;
mod human_range;
mod notes;
mod order;
mod ranks;
mod select;
mod tests_said;

pub use build::build;
pub(crate) use heap::is_fusion;
pub use select::{NotInTable, Selection};
