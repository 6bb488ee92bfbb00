//! Everything that touches a tensor: networks, losses, the training loop and prediction.
//!
//! One call runs a whole run: [`assemble::run`]. The parts below it can be used alone.
//!
//! # Errors of libtorch
//! Networks and losses are written with tch's plain calls, which panic where libtorch refuses: an equation then reads as
//! in the paper. No such panic leaves this crate: [`assemble::run`] catches it at the boundary and turns libtorch's
//! message into a [`error::RunError`], where "out of memory" and a lost device are told apart from faults of the run.

pub mod assemble;
pub mod augment;
pub mod bench;
pub mod block;
pub mod device;
pub mod draw;
pub mod error;
pub mod import;
pub mod loss;
pub mod method;
pub mod network;
pub mod params;
pub mod predict;
pub mod train;

mod clock;
mod parts;
mod shim;
