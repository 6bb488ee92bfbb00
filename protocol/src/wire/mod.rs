//! What the programs say to each other over HTTP, as JSON.
//!
//! Worker calls live under `/api/v1/worker`, people's under `/api/v1`; every call carries
//! `Authorization: Bearer <token>`. Errors are RFC 9457 problems ([`Problem`]).

mod artifact;
mod claim;
mod event;
mod export;
mod extend;
mod finish;
mod heartbeat;
mod plan;
mod problem;
mod queue;
mod register;
mod score;
mod scoring;
mod snapshot;
mod table;
mod view;

pub use artifact::*;
pub use claim::*;
pub use event::*;
pub use export::*;
pub use extend::*;
pub use finish::*;
pub use heartbeat::*;
pub use plan::*;
pub use problem::*;
pub use queue::*;
pub use register::*;
pub use score::*;
pub use scoring::*;
pub use snapshot::*;
pub use table::*;
pub use view::*;
