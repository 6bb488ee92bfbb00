//! What a run is: experiment files, their resolution to complete run specifications, identity and seeds.
//!
//! Defaults stand in `experiments/methods/<name>.toml`, never in code: a resolved [`RunSpec`] holds every value.

mod arms;
mod choose;
mod dataset;
mod differ;
mod error;
mod evaluation;
mod experiment;
mod expression;
mod fingerprint;
mod fusion;
mod locate;
mod merge;
mod method;
mod order;
mod queue;
mod reference;
mod resolve;
mod run;
mod seed;
mod sweep;
mod training;
mod validate;

pub use dataset::*;
pub use differ::*;
pub use error::*;
pub use evaluation::*;
pub use experiment::*;
pub use fingerprint::*;
pub use fusion::*;
pub use method::*;
pub use order::*;
pub use queue::*;
pub use reference::*;
pub use resolve::*;
pub use run::*;
pub use seed::*;
pub use sweep::*;
pub use training::*;
