//! `MRNet`: a network that is told how much each rater counts.

use serde::{Deserialize, Serialize};

use super::on_backbone::LossTable;
use crate::spec::validate::Faults;

/// What `MRNet` learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MrnetLoss {
    /// Weights of the vectors of a step, over their sum: all raters alike, drawn weights, one rater alone.
    pub vectors: [f64; 3],
    /// Weight of the coarse segmentation's loss beside the final one's.
    pub coarse: f64,
}

impl LossTable for MrnetLoss {
    fn check(&self, faults: &mut Faults) {
        faults.weight("loss.coarse", self.coarse);
        for weight in self.vectors {
            faults.weight("loss.vectors", weight);
        }
        faults.refuse_unless(
            self.vectors.iter().sum::<f64>() > 0.0,
            "loss.vectors",
            || "three zeros teach nothing: give e.g. [3.0, 2.0, 1.0]".to_owned(),
        );
    }
}
