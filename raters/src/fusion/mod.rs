//! Raters' masks joined into one. [`CATALOG`] lists every fusion without a network and [`fuse`] does any of them;
//! [`LearnedFusion`] joins with confidences that a network gave.

mod catalog;
mod dawid_skene;
mod em;
mod fused;
mod learned;
mod majority;
mod masks;
mod mean;
mod pattern;
mod rates;
mod shape_average;
mod simple;
mod staple;
mod votes;

pub use catalog::{CATALOG, Entry, entry, fuse, fuse_cases};
pub use dawid_skene::{DawidSkeneOptions, SharedEstimate, dawid_skene, dawid_skene_shared};
pub use em::Start;
pub use fused::{Fused, FusedMap};
pub use learned::LearnedFusion;
pub use majority::majority;
pub use masks::{Masks, MasksError};
pub use mean::mean;
pub use rates::Rates;
pub use shape_average::shape_average;
pub use simple::{Simple, SimpleOptions, simple};
pub use staple::{Estimate, StapleOptions, staple};
pub use votes::Votes;
