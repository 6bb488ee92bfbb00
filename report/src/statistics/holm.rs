//! Holm's correction (Holm 1979) for several tests at once.

/// Adjusted probabilities in the order of `p`: never smaller than it, and ordered as it is.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut adjusted = vec![1.0; p.len()];
    let mut largest = 0.0_f64;
    for (position, test) in order.into_iter().enumerate() {
        largest = largest.max(p[test] * (p.len() - position) as f64);
        adjusted[test] = largest.min(1.0);
    }
    adjusted
}
