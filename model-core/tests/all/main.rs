//! Scenarios of this crate, one binary so that libtorch is linked once.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod augmenting;
mod code_variant;
mod common;
mod crowd;
mod diag;
mod golden;
mod import;
mod learning;
mod listener;
mod losses;
mod methods;
mod network;
mod peculiar;
mod refusals;
mod resuming;
mod runs;
mod step;
mod switches;
mod two_epochs;
mod unet;
