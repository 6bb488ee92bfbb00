//! Experiments: plan, submit, extend, look, cancel, retry, pause, hurry, print, export, import, freeze.

pub(super) mod cancel;
pub(super) mod create;
pub(super) mod definition;
mod estimate;
pub(super) mod export;
pub(super) mod extend;
pub(super) mod freeze;
pub(super) mod import;
pub(super) mod list;
pub(super) mod pausing;
pub(super) mod plan;
mod planning;
pub(super) mod queue;
pub(super) mod retry;
pub(super) mod runs;
pub(super) mod score;
pub(super) mod show;
pub(super) mod table;

pub(super) use create::placing;
