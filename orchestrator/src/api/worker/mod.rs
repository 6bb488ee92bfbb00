//! What workers call. Every write names job and fence; an old fence changes nothing and is told so.

pub(super) mod claim;
mod columns;
pub(super) mod events;
pub(super) mod finish;
pub(super) mod heartbeat;
pub(super) mod register;
