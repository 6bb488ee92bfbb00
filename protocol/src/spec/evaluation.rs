//! How predictions are made and scored.

use serde::{Deserialize, Serialize};

use super::LabelFusion;
use crate::spelled::spelled_enum;

spelled_enum! {
    /// A family of references; `raters` and `leave_one_out` stand for one reference a rater.
    ReferenceFamily {
        /// [`super::Reference::Mean`].
        Mean = "mean",
        /// [`super::Reference::Majority`].
        Majority = "majority",
        /// [`super::Reference::Staple`].
        Staple = "staple",
        /// [`super::Reference::Arbitrated`]; skipped where the data set has none.
        Arbitrated = "arbitrated",
        /// [`super::Reference::Rater`], each.
        Raters = "raters",
        /// [`super::Reference::LeaveOneOut`], each, and the human row.
        LeaveOneOut = "leave_one_out",
    }
}

spelled_enum! {
    /// What is computed. A version stands in the score's name (`soft_dice@1`).
    Metric {
        /// Mean Dice over the thresholds 0.1, 0.3, 0.5, 0.7, 0.9 (paper 5.2.2).
        SoftDice = "soft_dice",
        /// Mean IoU over the same thresholds.
        SoftIou = "soft_iou",
        /// Dice at the threshold 0.5.
        Dice = "dice",
        /// Intersection over union at the threshold 0.5.
        Iou = "iou",
        /// Share of the reference that is marked.
        Sensitivity = "sensitivity",
        /// Share of what lies outside the reference that is left out.
        Specificity = "specificity",
        /// Share of what is marked that the reference marks.
        Precision = "precision",
        /// 95th percentile of distances between borders, in pixels.
        Hausdorff95 = "hausdorff_95",
        /// Mean distance between borders, in pixels.
        AverageSurfaceDistance = "average_surface_distance",
        /// Expected calibration error against the reference's share of raters.
        Ece = "ece",
        /// Mean squared difference from the reference's share of raters.
        Brier = "brier",
        /// Squared generalised energy distance between the hypotheses and the rater set.
        GedSquared = "ged_squared",
        /// Dice of the best hypothesis for each rater, over the rater set.
        BestMatchDice = "best_match_dice",
        /// Dice of each head against each rater.
        HeadToRaterDice = "head_to_rater_dice",
        /// Soft Dice of each head against each rater, of the first and the last recurrence.
        HeadToRaterSoftDice = "head_to_rater_soft_dice",
        /// Dice of each pair of raters: describes the rater set.
        PairwiseDice = "pairwise_dice",
        /// Fleiss' kappa over pixels: describes the rater set.
        FleissKappa = "fleiss_kappa",
    }
}

/// The `[evaluation]` table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationSpec {
    /// ConP passes at inference: 4 give Rec0…Rec3.
    pub recurrences: u32,
    /// What predictions are scored against.
    pub references: Vec<ReferenceFamily>,
    /// What is computed.
    pub metrics: Vec<Metric>,
    /// How the test cases' own labels are fused and scored: against arbitrated masks and, whatever `references` says, against
    /// each rater in turn with the others fused. None in specifications made before fusions were scored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fusions: Vec<LabelFusion>,
}

#[cfg(test)]
mod tests {
    use super::EvaluationSpec;

    #[test]
    fn a_specification_from_before_fusions_is_read_and_written_as_it_was() {
        let old = r#"{"recurrences":4,"references":["mean"],"metrics":["soft_dice"]}"#;
        let read: EvaluationSpec = serde_json::from_str(old).unwrap();
        assert!(read.fusions.is_empty());
        assert_eq!(serde_json::to_string(&read).unwrap(), old);
        let wrong = old.replace('}', r#","fusions":["leaned"]}"#);
        let told = serde_json::from_str::<EvaluationSpec>(&wrong).unwrap_err();
        assert!(told.to_string().contains("learned, mean"), "{told}");
    }
}
