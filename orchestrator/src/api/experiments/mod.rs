//! Experiments: submit, look, cancel, pause, hurry, print, export, import, freeze.

pub(super) mod cancel;
pub(super) mod create;
pub(super) mod export;
pub(super) mod freeze;
pub(super) mod import;
pub(super) mod list;
pub(super) mod pausing;
pub(super) mod queue;
pub(super) mod runs;
pub(super) mod score;
pub(super) mod show;
pub(super) mod table;
