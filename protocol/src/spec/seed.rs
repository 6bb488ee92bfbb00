//! Random draws: every one is seeded by its name and place, so that no generator state is ever saved.

use serde::{Deserialize, Serialize};

/// A run's replicate number, from the experiment file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// The seed of one draw: a hash of run seed, stream name, epoch and step.
    ///
    /// `stream` names what is drawn (`"weights"`, `"order"`, `"initial"`, `"shuffle"`, …).
    pub fn draw(self, stream: &str, epoch: u64, step: u64) -> u64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"mrprism.seed/1\0");
        hasher.update(stream.as_bytes());
        for number in [self.0, epoch, step] {
            hasher.update(&number.to_le_bytes());
        }
        let mut word = [0; 8];
        word.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        u64::from_le_bytes(word)
    }
}

impl std::fmt::Display for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::Seed;

    #[test]
    fn every_part_of_a_draws_name_changes_it() {
        let draws = [
            Seed(0).draw("order", 0, 0),
            Seed(1).draw("order", 0, 0),
            Seed(0).draw("initial", 0, 0),
            Seed(0).draw("order", 1, 0),
            Seed(0).draw("order", 0, 1),
        ];
        let unique: std::collections::BTreeSet<_> = draws.iter().collect();
        assert_eq!(unique.len(), draws.len());
        assert_eq!(draws[0], Seed(0).draw("order", 0, 0));
    }
}
