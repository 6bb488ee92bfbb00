//! Friedman's test (Friedman 1937): do some of several methods rank higher than others, unit by unit?

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::ranks::{ranks, tie_term};
use super::refusal::{Refusal, finite};
use super::{ALPHA, on_a_grid};

/// What the test found.
#[derive(Debug, Clone, PartialEq)]
pub struct Friedman {
    /// χ², corrected for ties.
    pub statistic: f64,
    /// Its probability with one degree of freedom fewer than methods.
    pub p: f64,
    /// Each method's mean rank, 1 for the lowest values.
    pub mean_ranks: Vec<f64>,
    /// Units.
    pub units: usize,
}

/// Tests rows of units, each with one value a method.
///
/// # Errors
/// Fewer than three methods, so few units that no data could reach 0.05, rows of different lengths, or a value that is not finite.
pub fn friedman(rows: &[Vec<f64>]) -> Result<Friedman, Refusal> {
    let methods = rows.first().map_or(0, Vec::len);
    if methods < 3 {
        return Err(Refusal::TooFewMethods { methods, least: 3 });
    }
    if rows.iter().any(|row| row.len() != methods) {
        return Err(Refusal::Ragged);
    }
    finite(rows.iter().flatten())?;
    let units = rows.len();
    // Where every unit ranks alike the statistic is n (k − 1), and cannot be larger.
    let largest = units as f64 * (methods as f64 - 1.0);
    let smallest = chance(largest, methods);
    if units < 2 || smallest > ALPHA {
        return Err(Refusal::TooFewForTest { units, smallest });
    }
    let (n, k) = (units as f64, methods as f64);
    let mut mean_ranks = vec![0.0; methods];
    let mut ties = 0.0;
    for row in rows {
        let row = on_a_grid(row);
        ties += tie_term(&row);
        for (sum, rank) in mean_ranks.iter_mut().zip(ranks(&row)) {
            *sum += rank / n;
        }
    }
    let squares: f64 = mean_ranks.iter().map(|rank| (rank * n).powi(2)).sum();
    let whole = 12.0 / (n * k * (k + 1.0)) * squares - 3.0 * n * (k + 1.0);
    let correction = 1.0 - ties / (n * k * (k * k - 1.0));
    // Where every method ties everywhere there is nothing to correct and nothing to find.
    let statistic = if correction > 0.0 {
        (whole / correction).max(0.0)
    } else {
        0.0
    };
    let p = chance(statistic, methods);
    Ok(Friedman {
        statistic,
        p,
        mean_ranks,
        units,
    })
}

/// Probability of a statistic at least so large where methods are alike.
fn chance(statistic: f64, methods: usize) -> f64 {
    ChiSquared::new(methods as f64 - 1.0).map_or(1.0, |law| law.sf(statistic))
}
