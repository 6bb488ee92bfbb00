//! Before and after submitting: what a file would do, what it adds, what is tried again, what differs.

pub(crate) mod diff;
pub(crate) mod extend;
pub(crate) mod plan;
pub(crate) mod retry;
