//! Every metric of this crate with its rule: the one list that scoring, commands and documents read.

use mrprism_protocol::spec::Metric;

use super::rule::{Averaging, Direction, Empty, Rule, Threshold, Unit};

impl Rule {
    /// See [`super::soft_dice`].
    pub const SOFT_DICE: Self = Self {
        id: "soft_dice@1",
        summary: "Dice averaged over five thresholds",
        source: "paper 5.2.2; official `eval_seg`",
        threshold: Threshold::StrictlyAboveEachOfFive,
        empty: Empty::BothAreOneSmoothed,
        averaging: Averaging::ThresholdsThenCases,
        unit: Unit::Fraction,
        direction: Direction::HigherIsBetter,
    };
    /// See [`super::soft_iou`].
    pub const SOFT_IOU: Self = Self {
        id: "soft_iou@1",
        summary: "IoU averaged over soft Dice's thresholds",
        source: "official `eval_seg`",
        threshold: Threshold::StrictlyAboveEachOfFive,
        empty: Empty::BothAreOneFinelySmoothed,
        averaging: Averaging::ThresholdsThenCases,
        unit: Unit::Fraction,
        direction: Direction::HigherIsBetter,
    };
    /// See [`super::Overlap::dice`].
    pub const DICE: Self = Self {
        id: "dice@1",
        summary: "Dice of hard masks: overlap twice over the sum of sizes",
        source: "Dice 1945",
        threshold: Threshold::BothStrictlyAboveHalf,
        empty: Empty::BothAreOne,
        averaging: Averaging::Cases,
        unit: Unit::Fraction,
        direction: Direction::HigherIsBetter,
    };
    /// See [`super::Overlap::iou`].
    pub const IOU: Self = Self {
        id: "iou@1",
        summary: "Intersection over union of hard masks",
        source: "Jaccard 1912",
        threshold: Threshold::BothStrictlyAboveHalf,
        empty: Empty::BothAreOne,
        averaging: Averaging::Cases,
        unit: Unit::Fraction,
        direction: Direction::HigherIsBetter,
    };
    /// See [`super::Overlap::sensitivity`].
    pub const SENSITIVITY: Self = Self {
        id: "sensitivity@1",
        summary: "Share of the reference that the prediction marks (recall)",
        source: "Yerushalmy 1947",
        threshold: Threshold::BothStrictlyAboveHalf,
        empty: Empty::NothingToJudgeIsOne,
        averaging: Averaging::Cases,
        unit: Unit::Fraction,
        direction: Direction::HigherIsBetter,
    };
    /// See [`super::Overlap::specificity`].
    pub const SPECIFICITY: Self = Self {
        id: "specificity@1",
        summary: "Share of what lies outside the reference that the prediction leaves out",
        source: "Yerushalmy 1947",
        threshold: Threshold::BothStrictlyAboveHalf,
        empty: Empty::NothingToJudgeIsOne,
        averaging: Averaging::Cases,
        unit: Unit::Fraction,
        direction: Direction::HigherIsBetter,
    };
    /// See [`super::Overlap::precision`].
    pub const PRECISION: Self = Self {
        id: "precision@1",
        summary: "Share of the prediction that the reference marks",
        source: "Kent et al. 1955",
        threshold: Threshold::BothStrictlyAboveHalf,
        empty: Empty::NothingToJudgeIsOne,
        averaging: Averaging::Cases,
        unit: Unit::Fraction,
        direction: Direction::HigherIsBetter,
    };
    /// See [`super::hausdorff_95`].
    pub const HAUSDORFF_95: Self = Self {
        id: "hausdorff_95@1",
        summary: "95th percentile of distances between borders, the larger of both directions",
        source: "Huttenlocher et al. 1993; percentile and border as in MONAI",
        threshold: Threshold::BothStrictlyAboveHalf,
        empty: Empty::OneIsDiagonal,
        averaging: Averaging::Cases,
        unit: Unit::Pixels,
        direction: Direction::LowerIsBetter,
    };
    /// See [`super::average_surface_distance`].
    pub const AVERAGE_SURFACE_DISTANCE: Self = Self {
        id: "average_surface_distance@1",
        summary: "Mean distance between borders, over the border pixels of both masks",
        source: "Heimann et al. 2009; border as in MONAI",
        threshold: Threshold::BothStrictlyAboveHalf,
        empty: Empty::OneIsDiagonal,
        averaging: Averaging::BordersThenCases,
        unit: Unit::Pixels,
        direction: Direction::LowerIsBetter,
    };
    /// See [`super::expected_calibration_error`].
    pub const ECE: Self = Self {
        id: "ece@1",
        summary: "Expected calibration error against rater frequency",
        source: "Guo et al. 2017",
        threshold: Threshold::TenBins,
        empty: Empty::Plain,
        averaging: Averaging::PixelsThenCases,
        unit: Unit::Fraction,
        direction: Direction::LowerIsBetter,
    };
    /// See [`super::brier`].
    pub const BRIER: Self = Self {
        id: "brier@1",
        summary: "Mean squared difference between probability and rater frequency",
        source: "Brier 1950",
        threshold: Threshold::None,
        empty: Empty::Plain,
        averaging: Averaging::PixelsThenCases,
        unit: Unit::Fraction,
        direction: Direction::LowerIsBetter,
    };
    /// See [`super::ged_squared`].
    pub const GED_SQUARED: Self = Self {
        id: "ged_squared@1",
        summary: "Squared generalised energy distance between hypotheses and raters, d = 1 - IoU",
        source: "Kohl et al. 2018",
        threshold: Threshold::MapsStrictlyAboveHalf,
        empty: Empty::BothAreZeroApart,
        averaging: Averaging::PairsThenCases,
        unit: Unit::Index,
        direction: Direction::LowerIsBetter,
    };
    /// See [`super::best_match_dice`].
    pub const BEST_MATCH_DICE: Self = Self {
        id: "best_match_dice@1",
        summary: "Dice of the best hypothesis for each rater, chosen freely",
        source: "Rahman et al. 2023 (maximum Dice matching)",
        threshold: Threshold::MapsStrictlyAboveHalf,
        empty: Empty::BothAreOne,
        averaging: Averaging::RatersThenCases,
        unit: Unit::Fraction,
        direction: Direction::HigherIsBetter,
    };
    /// See [`super::dice`].
    pub const HEAD_TO_RATER_DICE: Self = Self {
        id: "head_to_rater_dice@1",
        summary: "Dice of each rater's predicted map against each rater's mask",
        source: "Dice 1945",
        threshold: Threshold::MapsStrictlyAboveHalf,
        empty: Empty::BothAreOne,
        averaging: Averaging::Cases,
        unit: Unit::Fraction,
        direction: Direction::HigherIsBetter,
    };
    /// See [`super::soft_dice`].
    pub const HEAD_TO_RATER_SOFT_DICE: Self = Self {
        id: "head_to_rater_soft_dice@1",
        summary: "Soft Dice of each rater's predicted map against each rater's mask",
        source: "paper 5.2.2; official `eval_seg`",
        threshold: Threshold::StrictlyAboveEachOfFive,
        empty: Empty::BothAreOneSmoothed,
        averaging: Averaging::ThresholdsThenCases,
        unit: Unit::Fraction,
        direction: Direction::HigherIsBetter,
    };
    /// See [`super::pairwise_dice`].
    pub const PAIRWISE_DICE: Self = Self {
        id: "pairwise_dice@1",
        summary: "Dice of each pair of raters",
        source: "Dice 1945",
        threshold: Threshold::Hard,
        empty: Empty::BothAreOne,
        averaging: Averaging::PairsThenCases,
        unit: Unit::Fraction,
        direction: Direction::Neither,
    };
    /// See [`super::fleiss_kappa`].
    pub const FLEISS_KAPPA: Self = Self {
        id: "fleiss_kappa@1",
        summary: "Agreement of all raters beyond chance, over pixels",
        source: "Fleiss 1971",
        threshold: Threshold::Hard,
        empty: Empty::UnanimousIsOne,
        averaging: Averaging::Cases,
        unit: Unit::Index,
        direction: Direction::Neither,
    };
    /// See [`super::area`].
    pub const AREA: Self = Self {
        id: "area@1",
        summary: "Share of the image that the prediction marks",
        source: "this project",
        threshold: Threshold::StrictlyAboveHalf,
        empty: Empty::Plain,
        averaging: Averaging::PixelsThenCases,
        unit: Unit::Fraction,
        direction: Direction::Neither,
    };
    /// See [`super::change`].
    pub const CHANGE: Self = Self {
        id: "change@1",
        summary: "Mean change of the map from one recurrence to the next",
        source: "this project",
        threshold: Threshold::None,
        empty: Empty::Plain,
        averaging: Averaging::PixelsThenCases,
        unit: Unit::Fraction,
        direction: Direction::Neither,
    };
    /// See [`super::confidence_spread`].
    pub const CONFIDENCE_SPREAD: Self = Self {
        id: "confidence_spread@1",
        summary: "Standard deviation of the confidences over raters",
        source: "this project",
        threshold: Threshold::None,
        empty: Empty::Plain,
        averaging: Averaging::PixelsThenCases,
        unit: Unit::Fraction,
        direction: Direction::Neither,
    };
    /// See [`super::mean_confidences`].
    pub const CONFIDENCE: Self = Self {
        id: "confidence@1",
        summary: "A rater's share of the trust; the shares of all raters sum to 1",
        source: "this project; c of the paper's fusion (Eq. 5)",
        threshold: Threshold::WhereRaterOrPredictionMarks,
        empty: Empty::NoPixelIsNoNumber,
        averaging: Averaging::PixelsThenCases,
        unit: Unit::Fraction,
        direction: Direction::Neither,
    };
    /// Every metric: those that are asked for, in the order of [`Metric::ALL`], then those that describe every prediction.
    pub const ALL: &'static [Self] = &[
        Self::SOFT_DICE,
        Self::SOFT_IOU,
        Self::DICE,
        Self::IOU,
        Self::SENSITIVITY,
        Self::SPECIFICITY,
        Self::PRECISION,
        Self::HAUSDORFF_95,
        Self::AVERAGE_SURFACE_DISTANCE,
        Self::ECE,
        Self::BRIER,
        Self::GED_SQUARED,
        Self::BEST_MATCH_DICE,
        Self::HEAD_TO_RATER_DICE,
        Self::HEAD_TO_RATER_SOFT_DICE,
        Self::PAIRWISE_DICE,
        Self::FLEISS_KAPPA,
        Self::AREA,
        Self::CHANGE,
        Self::CONFIDENCE_SPREAD,
        Self::CONFIDENCE,
    ];

    /// The rule of a metric that an experiment asks for.
    pub const fn of(metric: Metric) -> Self {
        match metric {
            Metric::SoftDice => Self::SOFT_DICE,
            Metric::SoftIou => Self::SOFT_IOU,
            Metric::Dice => Self::DICE,
            Metric::Iou => Self::IOU,
            Metric::Sensitivity => Self::SENSITIVITY,
            Metric::Specificity => Self::SPECIFICITY,
            Metric::Precision => Self::PRECISION,
            Metric::Hausdorff95 => Self::HAUSDORFF_95,
            Metric::AverageSurfaceDistance => Self::AVERAGE_SURFACE_DISTANCE,
            Metric::Ece => Self::ECE,
            Metric::Brier => Self::BRIER,
            Metric::GedSquared => Self::GED_SQUARED,
            Metric::BestMatchDice => Self::BEST_MATCH_DICE,
            Metric::HeadToRaterDice => Self::HEAD_TO_RATER_DICE,
            Metric::HeadToRaterSoftDice => Self::HEAD_TO_RATER_SOFT_DICE,
            Metric::PairwiseDice => Self::PAIRWISE_DICE,
            Metric::FleissKappa => Self::FLEISS_KAPPA,
        }
    }

    /// The metric's name without its version.
    pub fn name(&self) -> &'static str {
        self.id.split_once('@').map_or(self.id, |(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use mrprism_protocol::spec::Metric;

    use super::Rule;

    #[test]
    fn every_rule_has_an_id_of_its_own_and_every_metric_a_rule_of_its_name() {
        let ids: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
        for (metric, rule) in Metric::ALL.iter().zip(Rule::ALL) {
            assert_eq!(Rule::of(*metric), *rule);
            assert_eq!(rule.name(), metric.as_str());
        }
    }

    #[test]
    fn what_a_rule_says_fits_a_line() {
        for rule in Rule::ALL {
            assert!((10..90).contains(&rule.summary.len()), "{}", rule.id);
            assert!(!rule.source.is_empty(), "{}", rule.id);
        }
    }
}
