//! Several raters' masks: reading them, checking them, fusing them, and scoring predictions against them.
//!
//! Plain Rust: no torch, no SQL, no HTTP. What a data set *is* stands in [`mrprism_protocol::spec::DatasetFile`];
//! [`dataset::Dataset`] opens one and hands out [`case::Case`]s.

pub mod case;
pub mod contour;
pub mod dataset;
mod distance;
pub mod draw;
mod error;
pub mod fusion;
pub mod metric;
pub mod picture;
pub mod prediction;
pub mod read;
pub mod score;
mod split_name;
#[cfg(test)]
mod testing;
pub mod write;

pub use error::DataError;
