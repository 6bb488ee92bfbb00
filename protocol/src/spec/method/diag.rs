//! Labels fused so that a diagnosis is told from them best.

use serde::{Deserialize, Serialize};

use super::on_backbone::LossTable;
use crate::spec::validate::Faults;

/// A network that tells the diagnosis says which raters to believe, pixel by pixel (Diag).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiagLoss {
    /// Epochs of the diagnosis network alone.
    pub warm_up_epochs: u64,
    /// What an ill case counts beside a healthy one.
    pub positive_weight: f64,
    /// Adam's steps on each case's fusion.
    pub fusion_steps: u32,
    /// Their learning rate.
    pub fusion_lr: f64,
    /// Channels of a hidden layer of the network that draws the weights.
    pub fusion_width: u32,
}

impl LossTable for DiagLoss {
    fn check(&self, faults: &mut Faults) {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        faults.refuse_unless(
            positive(self.positive_weight),
            "loss.positive_weight",
            || format!("{}: give a number above 0, e.g. 2", self.positive_weight),
        );
        faults.refuse_unless(positive(self.fusion_lr), "loss.fusion_lr", || {
            format!("{}: give a number above 0, e.g. 5e-3", self.fusion_lr)
        });
        faults.refuse_unless(self.fusion_steps <= 4096, "loss.fusion_steps", || {
            format!(
                "{}: give at most 4096 (256 in the paper)",
                self.fusion_steps
            )
        });
        faults.refuse_unless(
            (1..=256).contains(&self.fusion_width),
            "loss.fusion_width",
            || format!("{}: give 1 to 256, e.g. 24", self.fusion_width),
        );
    }
}
