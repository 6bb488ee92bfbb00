//! Tables from runs and scores.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share fails a test as well by a panic"
)]

mod comparable;
mod compared;
mod figure;
mod pixel;
mod printed;
mod statistics;
mod study;
mod table;
mod table_arms;
