//! Where the programs' settings come from: flag > environment > settings file > default.
//!
//! [`table`] is the one list of them; [`Layers`] reads the typed structs of [`worker`] and [`orchestrator`] from it, and
//! [`explain`] says of each where its value came from. The flags that two programs share stand in [`flags`]. This crate
//! knows nothing of the others, no torch, no SQL and no HTTP.

mod data_root;
mod device;
mod environment;
mod error;
mod explain;
mod file;
pub mod flags;
pub mod home;
mod layers;
pub mod orchestrator;
mod setting;
pub mod table;
pub mod worker;

pub use data_root::{DataRoot, NotADataRoot, data_roots};
pub use device::DeviceWish;
pub use error::Error;
pub use explain::{Explained, explain};
pub use file::SettingsFile;
pub use flags::Flags;
pub use layers::Layers;
pub use setting::{Section, Setting, Unit};

/// Directives for the log, e.g. `info` or `mrprism=debug`.
pub fn log_filter() -> String {
    table::LOG.value()
}
