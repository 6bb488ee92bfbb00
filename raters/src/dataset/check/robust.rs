//! Middle and spread that a few odd values do not move.

/// Median, and median distance from it scaled to a normal distribution's standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Robust {
    pub(super) middle: f64,
    pub(super) spread: f64,
}

impl Robust {
    /// Of some values; none of nothing. The spread is at least `least`, so that values which never vary do not make every
    /// deviation infinite.
    pub(super) fn of(values: &[f64], least: f64) -> Option<Self> {
        let middle = median(values.to_vec())?;
        let distances = values.iter().map(|value| (value - middle).abs()).collect();
        let spread = (1.4826 * median(distances)?).max(least);
        Some(Self { middle, spread })
    }

    /// How many spreads `value` lies above the middle.
    pub(super) fn deviation(self, value: f64) -> f64 {
        (value - self.middle) / self.spread
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let half = values.len() / 2;
    let upper = *values.get(half)?;
    Some(if values.len() % 2 == 1 {
        upper
    } else {
        f64::midpoint(values[half - 1], upper)
    })
}

#[cfg(test)]
mod tests {
    use super::Robust;

    #[test]
    fn one_wild_value_moves_nothing() {
        let tame = Robust::of(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.0).unwrap();
        let wild = Robust::of(&[1.0, 2.0, 3.0, 4.0, 1e9], 0.0).unwrap();
        assert_eq!(tame, wild);
        assert_eq!((tame.middle, tame.spread), (3.0, 1.4826));
        assert_eq!(Robust::of(&[], 0.1), None);
        let of_equal_values = Robust::of(&[7.0, 7.0], 0.5).unwrap();
        assert!((of_equal_values.deviation(8.0) - 2.0).abs() < 1e-12);
    }
}
