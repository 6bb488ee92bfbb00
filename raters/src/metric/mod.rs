//! Numbers about masks: a functional core on plain arrays.

mod agreement;
mod area;
mod change;
mod confidence;
mod rule;
mod soft_dice;

pub use agreement::{dice, pairwise_dice};
pub use area::area;
pub use change::change;
pub use confidence::confidence_spread;
pub use rule::{Averaging, Empty, Rule, Threshold};
pub use soft_dice::{Levels, THRESHOLD_TENTHS, soft_dice};
