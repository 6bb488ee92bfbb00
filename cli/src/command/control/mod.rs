//! What people ask of waiting and running work.

pub(crate) mod cancel;
pub(crate) mod pausing;
pub(crate) mod queue;
pub(crate) mod workers;
