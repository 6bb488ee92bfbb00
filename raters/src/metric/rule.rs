//! What a metric's number means: its threshold rule, its empty-mask rule and its averaging order, printed with it.

use std::fmt;

use serde::Serialize;

/// When a pixel counts as marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// At each of 0.1, 0.3, 0.5, 0.7, 0.9: value > τ, strictly; votes are compared as integers.
    StrictlyAboveEachOfFive,
    /// Value > 0.5, strictly.
    StrictlyAboveHalf,
    /// Prediction and reference > 0.5, strictly; the reference by votes as integers, ties to the background.
    BothStrictlyAboveHalf,
    /// Maps (heads, hypotheses) > 0.5, strictly, against the raters' own masks.
    MapsStrictlyAboveHalf,
    /// Not what is scored but where: the pixels that any present rater marks or whose prediction is > 0.5, strictly.
    WhereRaterOrPredictionMarks,
    /// Masks are hard already.
    Hard,
    /// Probabilities are sorted into ten bins of equal width, upper bounds included; the reference is votes / raters.
    TenBins,
    /// No pixel is counted: the values themselves are averaged.
    None,
}

/// What empty masks score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// Both empty: 1. One empty: nearly 0 (smoothing 1e-4 above and below the line).
    BothAreOneSmoothed,
    /// Both empty: 1. One empty: nearly 0 (smoothing 1e-6 above and below the line).
    BothAreOneFinelySmoothed,
    /// Both empty: 1. One empty: 0.
    BothAreOne,
    /// Both empty: distance 0. One empty: distance 1.
    BothAreZeroApart,
    /// Both empty: 0. One empty: the image's diagonal `sqrt(h² + w²)`.
    OneIsDiagonal,
    /// Where there is nothing that could be judged (0 of 0 pixels): 1.
    NothingToJudgeIsOne,
    /// Where all raters give all pixels one category, all of them marked or none: 1.
    UnanimousIsOne,
    /// Where no pixel is looked at: no number.
    NoPixelIsNoNumber,
    /// Emptiness is no special case.
    Plain,
}

/// In which order means are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Averaging {
    /// Over the five thresholds inside a case and structure; then, by whoever reads the scores, over cases.
    ThresholdsThenCases,
    /// Over the pixels of a case and structure, then over cases.
    PixelsThenCases,
    /// Over the border pixels of a case and structure, then over cases.
    BordersThenCases,
    /// Over the raters of a case and structure, then over cases.
    RatersThenCases,
    /// Over the pairs of masks of a case and structure, then over cases.
    PairsThenCases,
    /// One number a case and structure; over cases.
    Cases,
}

/// What one is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A share of something, printed ×100.
    Fraction,
    /// Distances between pixels' centres.
    Pixels,
    /// A scale of its own, printed as it is.
    Index,
}

/// Which of two numbers is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The higher.
    HigherIsBetter,
    /// The lower.
    LowerIsBetter,
    /// Neither: the number describes.
    Neither,
}

/// A metric and everything that decides its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Name and version as in a score, e.g. `soft_dice@1`.
    pub id: &'static str,
    /// What it measures, in one line.
    pub summary: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// When a pixel counts as marked.
    pub threshold: Threshold,
    /// What empty masks score.
    pub empty: Empty,
    /// In which order means are taken.
    pub averaging: Averaging,
    /// What one is counted in.
    pub unit: Unit,
    /// Which of two numbers is the better one.
    pub direction: Direction,
}

impl fmt::Display for Rule {
    /// Unit and direction are said where they are not those of Dice (a fraction, higher is better).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threshold = match self.threshold {
            Threshold::StrictlyAboveEachOfFive => "> 0.1, 0.3, 0.5, 0.7, 0.9",
            Threshold::StrictlyAboveHalf => "> 0.5",
            Threshold::BothStrictlyAboveHalf => "> 0.5, reference > half of the votes",
            Threshold::MapsStrictlyAboveHalf => "> 0.5, raters' hard masks",
            Threshold::WhereRaterOrPredictionMarks => {
                "where a rater marks or the prediction is > 0.5"
            }
            Threshold::Hard => "hard masks",
            Threshold::TenBins => "ten bins (lower, upper]",
            Threshold::None => "no threshold",
        };
        let empty = match self.empty {
            Empty::BothAreOneSmoothed => "both empty: 1, smoothing 1e-4",
            Empty::BothAreOneFinelySmoothed => "both empty: 1, smoothing 1e-6",
            Empty::BothAreOne => "both empty: 1",
            Empty::BothAreZeroApart => "both empty: distance 0, one empty: 1",
            Empty::OneIsDiagonal => "both empty: 0, one empty: the image's diagonal",
            Empty::NothingToJudgeIsOne => "nothing to judge: 1",
            Empty::UnanimousIsOne => "one category alone: 1",
            Empty::NoPixelIsNoNumber => "no such pixel: no number",
            Empty::Plain => "empty masks are no special case",
        };
        let averaging = match self.averaging {
            Averaging::ThresholdsThenCases => "mean over thresholds, then cases",
            Averaging::PixelsThenCases => "mean over pixels, then cases",
            Averaging::BordersThenCases => "mean over border pixels, then cases",
            Averaging::RatersThenCases => "mean over raters, then cases",
            Averaging::PairsThenCases => "mean over pairs of masks, then cases",
            Averaging::Cases => "mean over cases",
        };
        let unit = match self.unit {
            Unit::Pixels => "; in pixels",
            Unit::Fraction | Unit::Index => "",
        };
        let direction = match self.direction {
            Direction::LowerIsBetter => "; lower is better",
            Direction::HigherIsBetter | Direction::Neither => "",
        };
        write!(
            f,
            "{}: {threshold}; {empty}; {averaging}{unit}{direction}",
            self.id
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;

    #[test]
    fn a_rule_prints_all_that_decides_its_number() {
        assert_eq!(
            Rule::SOFT_DICE.to_string(),
            "soft_dice@1: > 0.1, 0.3, 0.5, 0.7, 0.9; both empty: 1, smoothing 1e-4; mean over thresholds, then cases"
        );
        assert_eq!(
            Rule::HAUSDORFF_95.to_string(),
            "hausdorff_95@1: > 0.5, reference > half of the votes; both empty: 0, one empty: the image's diagonal; \
             mean over cases; in pixels; lower is better"
        );
    }
}
