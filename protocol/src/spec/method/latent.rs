//! Methods whose latent variables decide which opinion is drawn.

use serde::{Deserialize, Serialize};

use super::on_backbone::LossTable;
use crate::spec::validate::Faults;

/// Latent variables, the weight of their divergence, and how often a prediction draws them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatentLoss {
    /// Axes of a latent vector, or channels of a latent map.
    pub latent: u32,
    /// β: weight of KL beside the sum over pixels of the cross-entropy.
    pub beta: f64,
    /// Samples of a prediction; they are its hypotheses.
    pub samples: u32,
}

impl LossTable for LatentLoss {
    fn check(&self, faults: &mut Faults) {
        faults.weight("loss.beta", self.beta);
        faults.refuse_unless((1..=64).contains(&self.latent), "loss.latent", || {
            format!("{}: give 1 to 64", self.latent)
        });
        faults.refuse_unless((1..=64).contains(&self.samples), "loss.samples", || {
            format!("{}: give 1 to 64 samples, e.g. 16", self.samples)
        });
    }
}
