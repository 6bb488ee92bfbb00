//! One thing that a check found, with every case it was found in.

use std::fmt;

use serde::Serialize;

/// What kind of thing. Scripts read the word; people read [`Finding::what`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Cases whose files do not decode or do not belong together.
    Unreadable,
    /// The same or nearly the same image in two splits.
    DuplicateAcrossSplits,
    /// One rater's masks equal another's in every case.
    CopiedRater,
    /// The same or nearly the same image twice, and no certain leak.
    Duplicate,
    /// Names that look like one patient's, in two splits.
    PatientInTwoSplits,
    /// Two raters' masks are equal in some cases.
    EqualMasks,
    /// Two raters' masks seem to be exchanged in a run of cases.
    SwappedRaters,
    /// A rater's areas are far from that rater's own habit in a run of cases.
    OddAreas,
    /// Nearly everything is marked: the foreground rule may be the wrong way round.
    InvertedMasks,
    /// Images of one value.
    ConstantImage,
    /// Masks without a marked pixel.
    EmptyMasks,
    /// Cases that not every rater marked.
    AbsentRaters,
    /// An inner structure that leaves the outer one.
    NotNested,
    /// No case to choose among a network's states with.
    NoValidation,
}

impl FindingKind {
    /// Whether it must be mended before the data set can be used.
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            Self::Unreadable | Self::DuplicateAcrossSplits | Self::CopiedRater
        )
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Its kind.
    pub kind: FindingKind,
    /// One sentence: what, and what to do about it.
    pub what: String,
    /// Where: every case, pair or file, in order; empty where it is about the data set as a whole.
    pub items: Vec<String>,
}

/// How many items people are shown; the others are counted.
const SHOWN: usize = 4;
/// Items longer than this stand on lines of their own.
const SHORT: usize = 40;
/// An item is cut behind so many letters: scripts see it whole.
const LONGEST: usize = 300;

impl Finding {
    /// Of several items: what they are, how many, and what to do; nothing of none.
    pub(super) fn of(
        kind: FindingKind,
        what: &str,
        advice: &str,
        items: Vec<String>,
    ) -> Option<Self> {
        let pause = if advice.is_empty() { "" } else { "; " };
        (!items.is_empty()).then(|| Self {
            kind,
            what: format!("{what} ({}){pause}{advice}", items.len()),
            items,
        })
    }

    /// Without items.
    pub(super) fn alone(kind: FindingKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            items: Vec::new(),
        }
    }
}

impl fmt::Display for Finding {
    /// The sentence and the first few items.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        let shown: Vec<_> = self
            .items
            .iter()
            .take(SHOWN)
            .map(|item| cut(item))
            .collect();
        let more = self.items.len() - shown.len();
        if shown.iter().all(|item| item.len() <= SHORT) {
            if !shown.is_empty() {
                write!(f, ": {}", shown.join(", "))?;
            }
        } else {
            for item in shown {
                write!(f, "\n    {item}")?;
            }
        }
        match more {
            0 => Ok(()),
            more => write!(f, " +{more} more"),
        }
    }
}

fn cut(item: &str) -> String {
    match item.char_indices().nth(LONGEST) {
        None => item.to_owned(),
        Some((end, _)) => format!("{}…", &item[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::{Finding, FindingKind};

    #[test]
    fn people_see_the_first_few_items_and_scripts_all() {
        let items: Vec<_> = (1..=6).map(|n| format!("case{n}")).collect();
        let finding = Finding::of(FindingKind::EmptyMasks, "empty masks", "", items).unwrap();
        assert_eq!(
            finding.to_string(),
            "empty masks (6): case1, case2, case3, case4 +2 more"
        );
        assert_eq!(serde_json::json!(finding)["items"][5], "case6");
        assert_eq!(
            Finding::of(FindingKind::EmptyMasks, "empty masks", "", Vec::new()),
            None
        );
    }
}
