//! Methods that adapt to unlabelled images of a target domain.

use serde::{Deserialize, Serialize};

use super::on_backbone::LossTable;
use crate::spec::validate::Faults;

/// What pOSAL learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PosalLoss {
    /// Weights of the Dice loss where there are two structures, over their sum; others weigh alike.
    pub disc_and_cup: [f64; 2],
    /// Weight of the smoothness term.
    pub smoothness: f64,
    /// Weight of the generator's adversarial loss.
    pub adversarial: f64,
}

impl LossTable for PosalLoss {
    fn check(&self, faults: &mut Faults) {
        for weight in self.disc_and_cup {
            faults.weight("loss.disc_and_cup", weight);
        }
        faults.refuse_unless(
            self.disc_and_cup.iter().sum::<f64>() > 0.0,
            "loss.disc_and_cup",
            || "two zeros teach nothing: give e.g. [0.4, 0.6]".to_owned(),
        );
        faults.weight("loss.smoothness", self.smoothness);
        faults.weight("loss.adversarial", self.adversarial);
    }
}

/// What BEAL learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BealLoss {
    /// Weight of each of the generator's two adversarial losses.
    pub adversarial: f64,
}

impl LossTable for BealLoss {
    fn check(&self, faults: &mut Faults) {
        faults.weight("loss.adversarial", self.adversarial);
    }
}
