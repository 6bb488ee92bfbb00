//! Reports: what is stored, handed to the crate that makes tables of it.

mod read;

pub use read::read;
