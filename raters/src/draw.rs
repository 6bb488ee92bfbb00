//! Random draws by counter: the n-th draw of a stream is a function of its name and n, whoever asks first.

/// The output function of splitmix64 (Steele, Lea and Flood 2014): mixes 64 bits one to one.
fn splitmix64(word: u64) -> u64 {
    let mut z = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// One stream of draws.
#[derive(Debug, Clone, Copy)]
pub struct Draws {
    key: u64,
}

impl Draws {
    /// The stream named by `seed` and `place` (case, rater, structure, …).
    pub fn new(seed: u64, place: &[u64]) -> Self {
        let key = place.iter().fold(splitmix64(seed), |key, part| {
            splitmix64(splitmix64(key).wrapping_add(*part))
        });
        Self { key }
    }

    /// Draw number `counter`: 64 bits.
    pub fn word(self, counter: u64) -> u64 {
        splitmix64(self.key.wrapping_add(counter))
    }

    /// Draw number `counter`, uniform in [0, 1).
    pub fn uniform(self, counter: u64) -> f64 {
        (self.word(counter) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Draw number `counter`, uniform between two numbers.
    pub fn between(self, counter: u64, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform(counter)
    }

    /// Draw number `counter`, normal with mean 0 and standard deviation 1 (Box and Muller).
    pub fn normal(self, counter: u64) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform(2 * counter)).ln()).sqrt();
        let angle = std::f64::consts::TAU * self.uniform(2 * counter + 1);
        radius * angle.cos()
    }
}

#[cfg(test)]
mod tests {
    use super::{Draws, splitmix64};

    #[test]
    fn splitmix_gives_the_published_sequence() {
        // First outputs of the reference generator with state 0: the state advances by the constant that is added first.
        let step = 0x9E37_79B9_7F4A_7C15_u64;
        assert_eq!(splitmix64(0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(splitmix64(step), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn normal_draws_have_mean_nought_and_deviation_one() {
        let draws = Draws::new(7, &[1, 2]);
        let values: Vec<_> = (0..20_000).map(|n| draws.normal(n)).collect();
        let mean = values.iter().sum::<f64>() / 2e4;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 2e4;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.03, "{variance}");
    }

    #[test]
    fn streams_differ_by_every_part_of_their_name() {
        let first = |seed, place: &[u64]| Draws::new(seed, place).uniform(0).to_bits();
        let all = [
            first(0, &[0, 0]),
            first(1, &[0, 0]),
            first(0, &[1, 0]),
            first(0, &[0, 1]),
            first(0, &[0]),
        ];
        let unique: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(unique.len(), all.len());
    }
}
