//! D-Persona: diverse opinions first, then each rater's own.

use serde::{Deserialize, Serialize};

use super::on_backbone::LossTable;
use crate::spec::validate::Faults;

/// What D-Persona learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DpersonaLoss {
    /// Axes of a latent vector.
    pub latent: u32,
    /// Weight of KL beside the sum over pixels of the cross-entropy.
    pub divergence: f64,
    /// Weight of the bounds' cross-entropy.
    pub bounds: f64,
    /// Samples of the prior whose smallest and largest are held to the raters' bounds.
    pub bound_samples: u32,
    /// Samples that raters choose from.
    pub bank: u32,
    /// Samples of a prediction; they are its hypotheses.
    pub samples: u32,
    /// Share of the run's steps after which raters are learned and the rest stands still.
    pub diversity: f64,
}

impl LossTable for DpersonaLoss {
    fn check(&self, faults: &mut Faults) {
        faults.weight("loss.divergence", self.divergence);
        faults.weight("loss.bounds", self.bounds);
        faults.refuse_unless((1..=64).contains(&self.latent), "loss.latent", || {
            format!("{}: give 1 to 64", self.latent)
        });
        let counts = [
            ("loss.bound_samples", self.bound_samples),
            ("loss.bank", self.bank),
            ("loss.samples", self.samples),
        ];
        for (key, count) in counts {
            faults.refuse_unless((1..=1024).contains(&count), key, || {
                format!("{count}: give 1 to 1024 samples")
            });
        }
        let share = (0.0..1.0).contains(&self.diversity);
        faults.refuse_unless(share, "loss.diversity", || {
            format!(
                "{}: give a share from 0 to below 1, e.g. 0.5",
                self.diversity
            )
        });
    }
}
