//! What a prediction is scored against, and what is scored.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::FusionKind;

/// What a prediction is scored against. Rater numbers count from 1, as R1…RM in the paper's Fig. 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reference {
    /// Nothing: the number describes the prediction alone (mask area, change between recurrences).
    Alone,
    /// The mean of the raters' masks (the paper's "majority vote" of Table 2): soft.
    Mean,
    /// Pixels that more than half of the raters mark: hard, ties to background.
    Majority,
    /// STAPLE of the raters' masks with its usual options: soft.
    Staple,
    /// The data set's arbitrated mask.
    Arbitrated,
    /// One rater's mask. Against it an [`Output::Fusion`] or [`Output::Fused`] is always the fusion of the others:
    /// leave-one-rater-out.
    Rater(u32),
    /// The mean of every rater but this one.
    LeaveOneOut(u32),
    /// The present raters' masks as a set, none of them joined: what a set of hypotheses is compared with.
    RaterSet,
}

/// What was scored: a model's output or the raters themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Output {
    /// A method's segmentation.
    Prediction,
    /// Raters' masks fused with a recurrence's learned confidences (Eq. 5).
    Fused,
    /// A method's map for one rater.
    Head(u32),
    /// One of several hypotheses.
    Hypothesis(u32),
    /// A human rater's own mask (the human row).
    Rater(u32),
    /// Raters' masks fused without a network.
    Fusion(FusionKind),
    /// The present raters together: how well they agree.
    RaterSet,
}

macro_rules! followed_words {
    ($name:ident, $kind:literal,
        plain { $($plain:ident = $word:literal),* },
        followed { $($followed:ident: $tail:ty = $prefix:literal $stands_for:literal),* }
    ) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$plain => f.write_str($word),)*
                    $(Self::$followed(tail) => write!(f, "{}:{tail}", $prefix),)*
                }
            }
        }

        impl FromStr for $name {
            type Err = super::NotSpelled;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => return Ok(Self::$plain),)*
                    _ => {}
                }
                match text.split_once(':') {
                    $(Some(($prefix, tail)) => {
                        if let Ok(tail) = tail.parse::<$tail>() {
                            return Ok(Self::$followed(tail));
                        }
                    })*
                    _ => {}
                }
                let allowed = [$($word.to_owned(),)* $(format!("{}:{}", $prefix, $stands_for),)*].join(", ");
                Err(super::NotSpelled { kind: $kind, found: text.to_owned(), allowed })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

followed_words!(Reference, "reference",
    plain { Alone = "alone", Mean = "mean", Majority = "majority", Staple = "staple", Arbitrated = "arbitrated",
        RaterSet = "rater-set" },
    followed { Rater: u32 = "rater" "N", LeaveOneOut: u32 = "leave-one-out" "N" });
followed_words!(Output, "output",
    plain { Prediction = "prediction", Fused = "fused", RaterSet = "rater-set" },
    followed { Head: u32 = "head" "N", Hypothesis: u32 = "hypothesis" "N", Rater: u32 = "rater" "N",
        Fusion: FusionKind = "fusion" "KIND" });

#[cfg(test)]
mod tests {
    use super::{FusionKind, Output, Reference};

    #[test]
    fn every_reference_and_output_is_read_as_it_is_written() {
        for reference in [
            Reference::Alone,
            Reference::Mean,
            Reference::Majority,
            Reference::Staple,
            Reference::Arbitrated,
            Reference::Rater(7),
            Reference::LeaveOneOut(1),
            Reference::RaterSet,
        ] {
            assert_eq!(
                reference.to_string().parse::<Reference>().unwrap(),
                reference
            );
        }
        for output in [
            Output::Prediction,
            Output::Fused,
            Output::Head(3),
            Output::Hypothesis(2),
            Output::Rater(1),
            Output::Fusion(FusionKind::DawidSkene),
            Output::RaterSet,
        ] {
            assert_eq!(output.to_string().parse::<Output>().unwrap(), output);
        }
        let error = "meen".parse::<Reference>().unwrap_err().to_string();
        assert!(error.contains("leave-one-out:N"), "{error}");
        assert_eq!(
            Output::Fusion(FusionKind::Staple).to_string(),
            "fusion:staple"
        );
        let error = "fusion:stable".parse::<Output>().unwrap_err().to_string();
        assert!(error.contains("fusion:KIND"), "{error}");
    }
}
