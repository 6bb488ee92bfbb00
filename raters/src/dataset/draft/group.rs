//! Files whose names have one shape, and what varies among them.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{Words, means_no_rater, means_rater};

/// Raters that one data set may have.
const MOST_RATERS: usize = 40;
/// Raters that are told by their number alone, without a word for a rater before it.
const MOST_UNNAMED: usize = 12;
/// How much of every combination of rater and case must be there.
const FILLED: f64 = 0.6;

/// One group.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) shape: Vec<String>,
    pub(super) files: Vec<Words>,
    /// Positions of words that are not the same in every file; of several that always are alike, the first.
    pub(super) varying: Vec<usize>,
}

/// Sorts files into groups, the largest first.
pub(super) fn groups(paths: &[String]) -> Vec<Group> {
    let mut by_shape: BTreeMap<Vec<String>, Vec<Words>> = BTreeMap::new();
    for path in paths {
        let words = Words::of(path);
        by_shape.entry(words.shape()).or_default().push(words);
    }
    let mut groups: Vec<_> = by_shape
        .into_iter()
        .map(|(shape, files)| Group::new(shape, files))
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.files.len()));
    groups
}

impl Group {
    pub(super) fn new(shape: Vec<String>, files: Vec<Words>) -> Self {
        let column = |at: usize| files.iter().map(move |file| file.words[at].as_str());
        let mut varying: Vec<usize> = Vec::new();
        for at in 0..shape.len() {
            let first = files.first().map(|file| file.words[at].as_str());
            let same = column(at).all(|word| Some(word) == first);
            let alike = varying.iter().any(|known| column(*known).eq(column(at)));
            if !same && !alike {
                varying.push(at);
            }
        }
        Self {
            shape,
            files,
            varying,
        }
    }

    /// The paths, as they were.
    pub(super) fn paths(&self) -> Vec<String> {
        let last = self.shape.len().saturating_sub(1);
        self.files.iter().map(|file| file.joined(0, last)).collect()
    }

    /// Different words at one position.
    pub(super) fn values(&self, at: usize) -> BTreeSet<&str> {
        self.files
            .iter()
            .map(|file| file.words[at].as_str())
            .collect()
    }

    /// The position that names the rater: behind a word for one, or a small number that comes with every case.
    pub(super) fn rater(&self) -> Option<usize> {
        let named = |at: &usize| {
            let word = at.checked_sub(1).map(|before| &self.files[0].words[before]);
            let near = *at > 0 && !self.files[0].before[*at].contains('/');
            near && word.is_some_and(|word| means_rater(word))
        };
        let told = self.varying.iter().rev().find(|at| named(at));
        let told = told.filter(|at| self.values(**at).len() <= MOST_RATERS);
        told.or_else(|| {
            let mut last_first = self.varying.iter().rev();
            last_first.find(|at| self.combines(**at))
        })
        .copied()
        .filter(|_| self.varying.len() > 1)
    }

    fn combines(&self, at: usize) -> bool {
        let values = self.values(at);
        let short = values.iter().all(|value| value.len() <= 2);
        let other = at > 0 && means_no_rater(&self.files[0].words[at - 1]);
        if !short || other || !(2..=MOST_UNNAMED).contains(&values.len()) {
            return false;
        }
        let rest: BTreeSet<Vec<&str>> = self
            .files
            .iter()
            .map(|file| {
                let others = self.varying.iter().filter(|other| **other != at);
                others.map(|other| file.words[*other].as_str()).collect()
            })
            .collect();
        let all = rest.len() * values.len();
        rest.len() > 1 && self.files.len() as f64 >= FILLED * all as f64
    }

    /// First and last word of the case: everything that varies but the rater, which must lie in one component of the path.
    pub(super) fn case(&self, rater: Option<usize>) -> Option<(usize, usize)> {
        let mut others = self.varying.iter().filter(|at| Some(**at) != rater);
        let first = *others.next()?;
        let last = *others.next_back().unwrap_or(&first);
        let apart = (first + 1..=last)
            .any(|at| self.files.iter().any(|file| file.before[at].contains('/')));
        let around_rater = rater.is_some_and(|rater| (first..=last).contains(&rater));
        (!apart && !around_rater).then_some((first, last))
    }

    /// Every case's name.
    pub(super) fn cases(&self, (first, last): (usize, usize)) -> BTreeSet<String> {
        self.files
            .iter()
            .map(|file| file.joined(first, last))
            .collect()
    }

    /// The path template: placeholders at the given words, and `{case}` wherever the case's name stands.
    pub(super) fn template(
        &self,
        (first, last): (usize, usize),
        rater: Option<usize>,
        structure: Option<usize>,
    ) -> String {
        let file = &self.files[0];
        let length = last - first;
        let case = file.joined(first, last);
        let mut text = String::new();
        let mut at = 0;
        while at < file.words.len() {
            text.push_str(&file.before[at]);
            let end = at + length;
            let repeats = |at: usize| {
                self.files
                    .iter()
                    .all(|file| file.joined(at, at + length) == file.joined(first, last))
            };
            if end < file.words.len() && file.joined(at, end) == case && repeats(at) {
                text.push_str("{case}");
                at = end + 1;
                continue;
            }
            text.push_str(match at {
                at if Some(at) == rater => "{rater}",
                at if Some(at) == structure => "{structure}",
                _ => &file.words[at],
            });
            at += 1;
        }
        text
    }

    /// The one position at which two shapes differ, if there is one and both have a word there.
    pub(super) fn differs_at(&self, other: &Self) -> Option<usize> {
        if self.shape.len() != other.shape.len() {
            return None;
        }
        let mut differing = (0..self.shape.len()).filter(|at| self.shape[*at] != other.shape[*at]);
        let at = differing.next()?;
        let separator = |shape: &str| shape.split('\0').next().map(str::to_owned);
        let same_place = separator(&self.shape[at]) == separator(&other.shape[at]);
        // The last word is the file's ending.
        (differing.next().is_none() && same_place && at + 1 < self.shape.len()).then_some(at)
    }
}
