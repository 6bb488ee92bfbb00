//! How large a difference is, whatever its p.

use super::on_a_grid;
use super::ranks::ranks;

/// Matched-pairs rank-biserial correlation (Kerby 2014): the share of ranks above 0 less that below, −1 to 1; 0 of nothing.
pub fn rank_biserial(differences: &[f64]) -> f64 {
    let mut differences = on_a_grid(differences);
    differences.retain(|difference| *difference != 0.0);
    let sizes: Vec<f64> = differences.iter().map(|value| value.abs()).collect();
    let ranks = ranks(&sizes);
    let all: f64 = ranks.iter().sum();
    let signed: f64 = differences
        .iter()
        .zip(&ranks)
        .map(|(difference, rank)| rank * difference.signum())
        .sum();
    if all > 0.0 { signed / all } else { 0.0 }
}

/// Cohen's d of paired differences: their mean over their standard deviation (n − 1); none of fewer than two or of equal ones.
pub fn standardised_mean(differences: &[f64]) -> Option<f64> {
    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let squares: f64 = differences.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (squares / (n - 1.0)).sqrt();
    (deviation > super::SAME).then(|| mean / deviation)
}
