//! How raters' masks are joined into one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::NotSpelled;
use crate::spelled::spelled_enum;

spelled_enum! {
    /// A model-free fusion. What each does, its source and its options stand in the catalog of the crate `raters`.
    FusionKind {
        /// The mean of the masks: soft.
        Mean = "mean",
        /// Pixels that more than half of the raters mark: hard, ties to background.
        Majority = "majority",
        /// Each rater's sensitivity and specificity and the hidden mask, estimated together: soft.
        Staple = "staple",
        /// As STAPLE, with the share of foreground estimated too: soft.
        DawidSkene = "dawid_skene",
        /// Dawid–Skene over all cases at once: one sensitivity and specificity a rater, a share of foreground a case: soft.
        DawidSkeneShared = "dawid_skene_shared",
        /// A majority weighted by performance, from which poor raters are dropped again and again: soft.
        Simple = "simple",
        /// Where the mean signed distance to the raters' outlines is positive: hard.
        ShapeAverage = "shape_average",
    }
}

/// A fusion of a test case's own labels that a run scores: `learned`, or the name of a [`FusionKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LabelFusion {
    /// With the confidences of each recurrence (Eq. 5); nothing of a method without confidences.
    Learned,
    /// Without a network.
    Free(FusionKind),
}

const LEARNED: &str = "learned";

impl fmt::Display for LabelFusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Learned => f.pad(LEARNED),
            Self::Free(kind) => kind.fmt(f),
        }
    }
}

impl FromStr for LabelFusion {
    type Err = NotSpelled;

    fn from_str(text: &str) -> Result<Self, NotSpelled> {
        if text == LEARNED {
            return Ok(Self::Learned);
        }
        text.parse()
            .map(Self::Free)
            .map_err(|unknown: NotSpelled| NotSpelled {
                kind: "fusion of labels",
                allowed: format!("{LEARNED}, {}", unknown.allowed),
                ..unknown
            })
    }
}

impl Serialize for LabelFusion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LabelFusion {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{FusionKind, LabelFusion};

    #[test]
    fn a_fusion_of_labels_is_read_as_it_is_written_and_no_other_word_is() {
        let free = FusionKind::ALL.iter().copied().map(LabelFusion::Free);
        for fusion in free.chain([LabelFusion::Learned]) {
            assert_eq!(fusion.to_string().parse::<LabelFusion>().unwrap(), fusion);
        }
        let error = "leaned".parse::<LabelFusion>().unwrap_err().to_string();
        assert!(error.contains("learned, mean, majority"), "{error}");
    }
}
