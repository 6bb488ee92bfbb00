//! Tables from runs and scores.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share fails a test as well by a panic"
)]

mod against;
mod check;
mod comparable;
mod compared;
mod export;
mod figure;
mod figure_kinds;
mod pixel;
mod printed;
mod select;
mod statistics;
mod study;
mod table;
mod table_arms;
