//! Reports: what is stored, handed to the crate that makes tables of it.

mod export;
mod read;
mod tables;

pub use export::{ExportError, experiment, export, runs};
pub use read::{curves, read, scores};
pub use tables::Tables;
