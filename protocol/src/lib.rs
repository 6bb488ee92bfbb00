//! What a run *is* and what the programs say to each other.
//!
//! No torch, no SQL, no files, no clock: everything here is data and pure functions over data.

pub mod id;
pub mod spec;
pub mod state;
pub mod trainer;
pub mod wire;

mod spelled;
