//! Statistics at the right unit: what differs between two arms, and how surely.
//!
//! The unit is a patient (a case, where nothing else is known): cases of one patient are no independent findings, and seeds are
//! replicates of one method and no units at all. Every function takes one number a unit, or the whole nest where it
//! resamples. A test that could not reach [`ALPHA`] whatever the data is refused, and so is an interval of too few units.

mod bootstrap;
mod effect;
mod friedman;
mod holm;
mod nemenyi;
mod permutation;
mod ranks;
mod refusal;
mod wilcoxon;

pub use bootstrap::{Interval, Nest, bootstrap};
pub use effect::{rank_biserial, standardised_mean};
pub use friedman::{Friedman, friedman};
pub use holm::holm;
pub use nemenyi::{critical_difference, nemenyi, range_above};
pub use permutation::permutation;
pub use refusal::Refusal;
pub use wilcoxon::wilcoxon;

/// The level that tests are judged at.
pub const ALPHA: f64 = 0.05;

/// Fewest units of an interval.
pub const FEWEST_UNITS: usize = 10;

/// What a test found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tested {
    /// The test's own statistic.
    pub statistic: f64,
    /// Two-sided probability of one as far out, were there no difference.
    pub p: f64,
    /// Units that took part.
    pub units: usize,
}

/// Differences nearer to each other than this are one: scores of equal masks differ by rounding alone.
const SAME: f64 = 1e-12;

/// `values` on a grid of [`SAME`], so that equal differences are equal.
fn on_a_grid(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .map(|value| (value / SAME).round() * SAME)
        .collect()
}
