//! Macros: what the paper defines and calls, against what the tables define.

use std::collections::{BTreeMap, BTreeSet};

use super::tex::{Stripped, commands, group};
use super::{Checked, Difference};
use crate::print::names::PREFIX;

/// Commands that define what follows.
const DEFINE: [&str; 7] = [
    "gdef",
    "def",
    "xdef",
    "edef",
    "newcommand",
    "renewcommand",
    "providecommand",
];

/// A macro of ours where it stands; with a value where it is defined.
struct Met<'a> {
    name: &'a str,
    line: usize,
    value: Option<String>,
}

/// Compares every definition, and finds calls that nothing defines.
pub(super) fn check(
    sources: &[Stripped<'_>],
    known: &BTreeMap<String, String>,
    checked: &mut Checked,
) {
    let met: Vec<_> = sources
        .iter()
        .flat_map(|source| met(source).into_iter().map(move |met| (source.file, met)))
        .collect();
    let defined: BTreeSet<_> = met
        .iter()
        .filter(|(_, met)| met.value.is_some())
        .map(|(_, met)| met.name)
        .collect();
    let mut told = BTreeSet::new();
    for (file, met) in &met {
        let expected = known.get(met.name);
        let difference = |found: &str, expected: &str| Difference {
            file: (*file).to_owned(),
            line: met.line,
            of: format!("\\{}", met.name),
            found: found.to_owned(),
            expected: expected.to_owned(),
        };
        match (&met.value, expected) {
            (Some(value), Some(expected)) => {
                checked.macros += 1;
                if value != expected {
                    checked.differences.push(difference(value, expected));
                }
            }
            (Some(value), None) => {
                let expected = "no such macro: the tables do not define it";
                checked.differences.push(difference(value, expected));
            }
            (None, expected) if !defined.contains(met.name) && told.insert(met.name) => {
                let expected =
                    expected.map_or("no such macro: the tables do not define it", |it| it);
                checked
                    .differences
                    .push(difference("called and not defined", expected));
            }
            (None, _) => {}
        }
    }
}

fn met<'a>(source: &'a Stripped<'_>) -> Vec<Met<'a>> {
    let text = source.text.as_str();
    let mut found = Vec::new();
    let mut before: Option<(usize, &str)> = None;
    for (at, name) in commands(text) {
        if name.starts_with(PREFIX) && name.len() > PREFIX.len() {
            let end = at + 1 + name.len();
            let defines = before.is_some_and(|(at_before, before)| {
                let between = text[at_before + 1 + before.len()..at].trim();
                DEFINE.contains(&before) && ["", "{", "*", "*{"].contains(&between)
            });
            let after = text[end..].trim_start();
            let after = after.strip_prefix('}').unwrap_or(after).trim_start();
            found.push(Met {
                name,
                line: source.line(at),
                value: defines.then(|| group(after)).flatten().map(one_blank),
            });
        }
        before = Some((at, name));
    }
    found
}

fn one_blank(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}
