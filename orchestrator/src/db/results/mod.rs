//! What runs reported and what was made of it: events, curves, scores, exports, snapshots.

pub mod events;
pub mod exports;
pub mod imports;
pub mod metric_points;
pub mod run_cases;
pub mod scores;
pub mod scorings;
pub mod snapshots;
