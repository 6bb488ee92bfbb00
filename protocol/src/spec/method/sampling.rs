//! Methods that are shown one rater at a time.

use serde::{Deserialize, Serialize};

use super::on_backbone::LossTable;
use crate::spec::validate::Faults;

/// A rater drawn anew for each case of each step (UECNN).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UecnnLoss {}

impl LossTable for UecnnLoss {}

/// Several hypotheses, of which the one nearest to the drawn rater learns most (LUW).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LuwLoss {
    /// J: how many there are; 0 for one a rater.
    pub hypotheses: u32,
    /// ε: what the others share of the weight.
    pub share_of_others: f64,
    /// Probability that a hypothesis stands aside when the nearest is looked for.
    pub dropout: f64,
}

impl LossTable for LuwLoss {
    fn check(&self, faults: &mut Faults) {
        let share = 0.0..1.0;
        faults.refuse_unless(self.hypotheses <= 64, "loss.hypotheses", || {
            format!("{}: give at most 64, or 0 for one a rater", self.hypotheses)
        });
        faults.refuse_unless(
            share.contains(&self.share_of_others),
            "loss.share_of_others",
            || {
                format!(
                    "{}: give a share from 0 to below 1, e.g. 0.05",
                    self.share_of_others
                )
            },
        );
        faults.refuse_unless(share.contains(&self.dropout), "loss.dropout", || {
            format!(
                "{}: give a probability from 0 to below 1, e.g. 0.01",
                self.dropout
            )
        });
    }
}
