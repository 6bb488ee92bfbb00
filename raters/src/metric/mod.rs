//! Numbers about masks: a functional core on plain arrays.

mod agreement;
mod area;
mod calibration;
mod catalog;
mod change;
mod confidence;
mod distribution;
mod hard;
mod overlap;
mod rule;
mod soft_dice;
mod soft_iou;
mod surface;

pub use agreement::{fleiss_kappa, pairwise_dice};
pub use area::area;
pub use calibration::{BINS, Bin, Reliability, brier, expected_calibration_error};
pub use change::change;
pub use confidence::{confidence_spread, mean_confidences};
pub use distribution::{best_match_dice, ged_squared};
pub use hard::{above_half, majority_of};
pub use overlap::{Overlap, dice};
pub use rule::{Averaging, Direction, Empty, Rule, Threshold, Unit};
pub use soft_dice::{Levels, THRESHOLD_TENTHS, soft_dice};
pub use soft_iou::soft_iou;
pub use surface::{Surface, average_surface_distance, hausdorff, hausdorff_95};
