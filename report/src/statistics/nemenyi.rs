//! Nemenyi's comparison of mean ranks after Friedman's test (Nemenyi 1963; Demšar, JMLR 2006): which pairs of methods differ.

use statrs::distribution::{Continuous, ContinuousCDF, Normal};

/// p of the difference between two mean ranks of `methods` methods over `units` units.
pub fn nemenyi(difference: f64, methods: usize, units: usize) -> f64 {
    let q = difference.abs() / error(methods, units);
    range_above(q * std::f64::consts::SQRT_2, methods)
}

/// The difference of mean ranks at which [`nemenyi`] is `alpha`.
pub fn critical_difference(alpha: f64, methods: usize, units: usize) -> f64 {
    let (mut low, mut high) = (0.0_f64, 100.0_f64);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if range_above(middle, methods) > alpha {
            low = middle;
        } else {
            high = middle;
        }
    }
    low / std::f64::consts::SQRT_2 * error(methods, units)
}

/// Standard error of a difference of mean ranks, over √2.
fn error(methods: usize, units: usize) -> f64 {
    let k = methods as f64;
    (k * (k + 1.0) / (6.0 * units as f64)).sqrt()
}

/// Probability that the range of `count` standard normal numbers is above `q`: the studentised range with infinitely many
/// degrees of freedom, 1 − k ∫ φ(z) (Φ(z) − Φ(z − q))ᵏ⁻¹ dz, by Simpson's rule.
pub fn range_above(q: f64, count: usize) -> f64 {
    const REACH: f64 = 9.0;
    const PARTS: u32 = 2000;
    if q <= 0.0 || count < 2 {
        return 1.0;
    }
    let normal = Normal::standard();
    let width = 2.0 * REACH / f64::from(PARTS);
    let height = |part: u32| {
        let z = -REACH + width * f64::from(part);
        let within = normal.cdf(z) - normal.cdf(z - q);
        normal.pdf(z) * within.powi(count as i32 - 1)
    };
    let inner: f64 = (1..PARTS)
        .map(|part| height(part) * if part % 2 == 1 { 4.0 } else { 2.0 })
        .sum();
    let integral = (height(0) + inner + height(PARTS)) * width / 3.0;
    (1.0 - count as f64 * integral).clamp(0.0, 1.0)
}
