//! What people read.

pub mod table;
