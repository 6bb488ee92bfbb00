//! What a metric's number means: its threshold rule, its empty-mask rule and its averaging order, printed with it.

use std::fmt;

/// When a pixel counts as marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// At each of 0.1, 0.3, 0.5, 0.7, 0.9: value > τ, strictly; votes are compared as integers.
    StrictlyAboveEachOfFive,
    /// Value > 0.5, strictly.
    StrictlyAboveHalf,
    /// Masks are hard already.
    Hard,
    /// No pixel is counted: the values themselves are averaged.
    None,
}

/// What two empty masks score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// Both empty: 1. One empty: nearly 0 (smoothing 1e-4 above and below the line).
    BothAreOneSmoothed,
    /// Both empty: 1. One empty: 0.
    BothAreOne,
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
    /// Over pairs of raters and cases at once.
    PairsAndCases,
}

/// A metric and everything that decides its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Name and version as in a score, e.g. `soft_dice@1`.
    pub id: &'static str,
    /// When a pixel counts as marked.
    pub threshold: Threshold,
    /// What two empty masks score.
    pub empty: Empty,
    /// In which order means are taken.
    pub averaging: Averaging,
}

impl Rule {
    /// Paper 5.2.2; official `eval_seg`. See [`super::soft_dice`].
    pub const SOFT_DICE: Self = Self {
        id: "soft_dice@1",
        threshold: Threshold::StrictlyAboveEachOfFive,
        empty: Empty::BothAreOneSmoothed,
        averaging: Averaging::ThresholdsThenCases,
    };
    /// See [`super::area`].
    pub const AREA: Self = Self {
        id: "area@1",
        threshold: Threshold::StrictlyAboveHalf,
        empty: Empty::Plain,
        averaging: Averaging::PixelsThenCases,
    };
    /// See [`super::change`].
    pub const CHANGE: Self = Self {
        id: "change@1",
        threshold: Threshold::None,
        empty: Empty::Plain,
        averaging: Averaging::PixelsThenCases,
    };
    /// See [`super::confidence_spread`].
    pub const CONFIDENCE_SPREAD: Self = Self {
        id: "confidence_spread@1",
        threshold: Threshold::None,
        empty: Empty::Plain,
        averaging: Averaging::PixelsThenCases,
    };
    /// See [`super::pairwise_dice`].
    pub const PAIRWISE_DICE: Self = Self {
        id: "pairwise_dice@1",
        threshold: Threshold::Hard,
        empty: Empty::BothAreOne,
        averaging: Averaging::PairsAndCases,
    };
    /// Every metric of this crate.
    pub const ALL: &'static [Self] = &[
        Self::SOFT_DICE,
        Self::AREA,
        Self::CHANGE,
        Self::CONFIDENCE_SPREAD,
        Self::PAIRWISE_DICE,
    ];
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threshold = match self.threshold {
            Threshold::StrictlyAboveEachOfFive => "> 0.1, 0.3, 0.5, 0.7, 0.9",
            Threshold::StrictlyAboveHalf => "> 0.5",
            Threshold::Hard => "hard masks",
            Threshold::None => "no threshold",
        };
        let empty = match self.empty {
            Empty::BothAreOneSmoothed => "both empty: 1, smoothing 1e-4",
            Empty::BothAreOne => "both empty: 1",
            Empty::Plain => "empty masks are no special case",
        };
        let averaging = match self.averaging {
            Averaging::ThresholdsThenCases => "mean over thresholds, then cases",
            Averaging::PixelsThenCases => "mean over pixels, then cases",
            Averaging::PairsAndCases => "mean over pairs of raters and cases",
        };
        write!(f, "{}: {threshold}; {empty}; {averaging}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;

    #[test]
    fn every_rule_has_an_id_of_its_own_and_prints_it() {
        let ids: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
        assert_eq!(
            Rule::SOFT_DICE.to_string(),
            "soft_dice@1: > 0.1, 0.3, 0.5, 0.7, 0.9; both empty: 1, smoothing 1e-4; mean over thresholds, then cases"
        );
    }
}
