//! Reports: what is stored, handed to the crate that makes tables of it.

mod read;
mod tables;

pub use read::read;
pub use tables::Tables;
