//! Ranks.

/// Ranks from 1 for the smallest; equal values share the mean of their ranks.
pub(super) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut ranks = vec![0.0; values.len()];
    let mut rank = 1.0;
    for group in groups(values) {
        let shared = rank + (group.len() as f64 - 1.0) / 2.0;
        rank += group.len() as f64;
        for position in group {
            ranks[position] = shared;
        }
    }
    ranks
}

/// Σ (t³ − t) over groups of t equal values: what ties take from a variance of ranks.
pub(super) fn tie_term(values: &[f64]) -> f64 {
    let cubes = groups(values).into_iter().map(|group| {
        let t = group.len() as f64;
        t.powi(3) - t
    });
    cubes.sum()
}

/// Positions of equal values together, the smallest value first.
fn groups(values: &[f64]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    order
        .chunk_by(|a, b| values[*a].total_cmp(&values[*b]).is_eq())
        .map(<[usize]>::to_vec)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{ranks, tie_term};

    #[test]
    fn equal_values_share_a_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 0.0]), [3.5, 2.0, 3.5, 1.0]);
        assert_eq!(ranks(&[]), Vec::<f64>::new());
        assert!((tie_term(&[3.0, 1.0, 3.0, 3.0]) - 24.0).abs() < 1e-12);
    }
}
