//! What people read and print: tables, the tests in them, and figures, made of an experiment's runs and scores in long form. Nothing
//! here reads a database, a network or a clock, so that the orchestrator, the command and an import of old results print alike.

pub mod against;
mod cells;
pub mod check;
pub mod export;
pub mod figure;
pub mod print;
mod results;
mod run;
pub mod statistics;
pub mod table;

pub use results::{Results, RunScore};
pub use run::RunFacts;
