//! Why a number is not given.

use super::{ALPHA, FEWEST_UNITS};

/// A statistic that would mean nothing.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// No data could reach significance.
    #[error("n = {units}: too few (its smallest possible p is {smallest:.3}, above {ALPHA})")]
    TooFewForTest {
        /// Units at hand.
        units: usize,
        /// The smallest p that so many can give.
        smallest: f64,
    },
    /// Resampling so few says little of others.
    #[error("n = {units}: too few for an interval, which needs {FEWEST_UNITS}")]
    TooFewForInterval {
        /// Units at hand.
        units: usize,
    },
    /// Comparing needs two.
    #[error("{methods} to compare: at least {least} are needed")]
    TooFewMethods {
        /// Methods at hand.
        methods: usize,
        /// Needed.
        least: usize,
    },
    /// Rows or seeds of different lengths cannot be paired.
    #[error("values are missing: not every unit was scored for everyone")]
    Ragged,
    /// A value that is no number.
    #[error("a value is not finite")]
    NotFinite,
}

/// Refuses what is no number.
pub(super) fn finite<'a>(values: impl IntoIterator<Item = &'a f64>) -> Result<(), Refusal> {
    let mut values = values.into_iter();
    if values.all(|value| value.is_finite()) {
        Ok(())
    } else {
        Err(Refusal::NotFinite)
    }
}

/// Refuses a test by signs of `units` differences that cannot reach [`ALPHA`]: its smallest p is 2 of 2ⁿ.
pub(super) fn enough_signs(units: usize) -> Result<(), Refusal> {
    let smallest = (2.0 * 0.5_f64.powi(units.min(1000) as i32)).min(1.0);
    if smallest > ALPHA {
        return Err(Refusal::TooFewForTest { units, smallest });
    }
    Ok(())
}
