//! Wilcoxon's signed-rank test (Wilcoxon 1945): are paired differences as often and as far above 0 as below?

use statrs::distribution::{ContinuousCDF, Normal};

use super::ranks::{ranks, tie_term};
use super::refusal::{Refusal, enough_signs, finite};
use super::{Tested, on_a_grid};

/// Up to so many differences every arrangement of signs is counted.
const MOST_EXACT: usize = 50;

/// Tests one difference a unit. Differences of 0 say nothing and are left out; equal ones share ranks, exactly so up to 50 of them
/// and by the variance's correction beyond. The statistic is the sum of the positive differences' ranks.
///
/// # Errors
/// Fewer than six units (2 of 2⁵ is above 0.05), or a difference that is not finite.
pub fn wilcoxon(differences: &[f64]) -> Result<Tested, Refusal> {
    finite(differences)?;
    enough_signs(differences.len())?;
    let mut differences = on_a_grid(differences);
    differences.retain(|difference| *difference != 0.0);
    let units = differences.len();
    let sizes: Vec<f64> = differences.iter().map(|value| value.abs()).collect();
    let ranks = ranks(&sizes);
    let positive = differences.iter().zip(&ranks);
    let statistic = positive
        .filter(|(difference, _)| **difference > 0.0)
        .map(|(_, rank)| rank)
        .sum();
    let p = match units {
        0 => 1.0,
        units if units <= MOST_EXACT => exact(&ranks, statistic),
        _ => asymptotic(units as f64, tie_term(&sizes), statistic),
    };
    Ok(Tested {
        statistic,
        p,
        units,
    })
}

/// Every arrangement of signs is as likely: arrangements by their sum, in halves, as shared ranks are.
fn exact(ranks: &[f64], statistic: f64) -> f64 {
    let halves: Vec<usize> = ranks
        .iter()
        .map(|rank| (2.0 * rank).round() as usize)
        .collect();
    let all: usize = halves.iter().sum();
    let mut ways = vec![0.0; all + 1];
    ways[0] = 1.0;
    for own in halves {
        for sum in (own..=all).rev() {
            ways[sum] += ways[sum - own];
        }
    }
    let found = (2.0 * statistic).round() as usize;
    let total: f64 = ways.iter().sum();
    let below = ways[..=found].iter().sum::<f64>() / total;
    let above = ways[found..].iter().sum::<f64>() / total;
    (2.0 * below.min(above)).min(1.0)
}

fn asymptotic(n: f64, ties: f64, statistic: f64) -> f64 {
    let mean = n * (n + 1.0) / 4.0;
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0;
    let z = (statistic - mean) / variance.sqrt();
    2.0 * Normal::standard().cdf(-z.abs())
}
