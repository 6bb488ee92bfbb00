//! Experiments: submit, look, cancel, print.

pub(super) mod cancel;
pub(super) mod create;
pub(super) mod list;
pub(super) mod runs;
pub(super) mod score;
pub(super) mod show;
pub(super) mod table;
