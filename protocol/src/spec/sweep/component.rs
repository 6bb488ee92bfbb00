//! Components: what an ablation switches on and off.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::Table;

use super::{Components, Naming, Patterns, Point, SweepFault};
use crate::spec::expression::WORDS;
use crate::spec::merge::leaves;

/// One of `[components]`: what it sets where it is on and where it is off. A side that is missing leaves the base as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentFile {
    /// Dotted keys and their values where the component is on.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub on: Table,
    /// Dotted keys and their values where it is off.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub off: Table,
}

/// Which components an operator switches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComponentList {
    /// `"all"`: every declared one, in alphabetical order.
    All,
    /// These, in this order.
    Named(Vec<String>),
}

impl Serialize for ComponentList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::Named(names) => names.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ComponentList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AllOrNames;

        impl<'de> Visitor<'de> for AllOrNames {
            type Value = ComponentList;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of component names, or \"all\"")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<ComponentList, E> {
                if word == "all" {
                    Ok(ComponentList::All)
                } else {
                    Err(E::invalid_value(de::Unexpected::Str(word), &self))
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<ComponentList, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = seq.next_element()? {
                    names.push(name);
                }
                Ok(ComponentList::Named(names))
            }
        }

        deserializer.deserialize_any(AllOrNames)
    }
}

impl ComponentList {
    /// How many it names.
    pub(super) fn length(&self, declared: &Components) -> usize {
        match self {
            Self::All => declared.len(),
            Self::Named(names) => names.len(),
        }
    }

    fn names<'a>(&'a self, declared: &'a Components) -> Result<Vec<&'a str>, String> {
        let names: Vec<&str> = match self {
            Self::All => declared.keys().map(String::as_str).collect(),
            Self::Named(names) => names.iter().map(String::as_str).collect(),
        };
        if names.is_empty() {
            return Err("names no component: declare them in [components]".to_owned());
        }
        let mut seen = BTreeSet::new();
        for name in &names {
            if !declared.contains_key(*name) {
                let known: Vec<_> = declared.keys().map(String::as_str).collect();
                let known = if known.is_empty() {
                    "none is declared".to_owned()
                } else {
                    format!("declared are {}", known.join(", "))
                };
                return Err(format!("no component '{name}': {known} in [components]"));
            }
            if !seen.insert(name) {
                return Err(format!("component '{name}' is listed twice"));
            }
        }
        Ok(names)
    }
}

/// The points of an operator that switches components.
pub(super) fn points(
    operator: &str,
    list: &ComponentList,
    declared: &Components,
    patterns: fn(usize) -> Patterns,
) -> Result<Vec<Point>, SweepFault> {
    let names = list.names(declared);
    let names = names.map_err(|message| SweepFault::new(["sweep", operator], message))?;
    let points = patterns(names.len()).into_iter().map(|(naming, on)| {
        let mut set = Table::new();
        let mut components = BTreeMap::new();
        for (name, on) in names.iter().zip(&on) {
            let component = &declared[*name];
            let side = if *on { &component.on } else { &component.off };
            set.extend(side.clone());
            components.insert((*name).to_owned(), *on);
        }
        Point {
            name: arm_name(naming, &names, &on),
            set,
            components,
        }
    });
    Ok(points.collect())
}

fn arm_name(naming: Naming, names: &[&str], on: &[bool]) -> String {
    let which = |wanted: bool| {
        let found = names.iter().zip(on).filter(|(_, on)| **on == wanted);
        found.map(|(name, _)| *name).collect::<Vec<_>>().join(" + ")
    };
    match naming {
        Naming::Full => "full".to_owned(),
        Naming::Without => format!("without {}", which(false)),
        Naming::Only => format!("only {}", which(true)),
        Naming::Sum if on.contains(&true) => which(true),
        Naming::Sum => "none".to_owned(),
    }
}

/// Words that a component may not be called: conditions and tables mean something else by them.
const TAKEN: [&str; 12] = [
    "all",
    "full",
    "none",
    "only",
    "without",
    "dataset",
    "method",
    "size",
    "network",
    "loss",
    "train",
    "evaluation",
];

/// Most components of an experiment.
const MOST: usize = 100;

/// What is wrong with the components themselves.
pub(in crate::spec) fn faults(declared: &Components) -> Vec<SweepFault> {
    if declared.len() > MOST {
        let message = format!("{} are declared: at most {MOST}", declared.len());
        return vec![SweepFault::new(["components"], message)];
    }
    let mut faults = Vec::new();
    let mut decided: BTreeMap<String, &str> = BTreeMap::new();
    for (name, component) in declared {
        let mut fault =
            |message: String| faults.push(SweepFault::new(["components", name], message));
        if let Some(message) = name_fault(name) {
            fault(message);
        }
        if component.on == component.off {
            fault("on and off must differ: give at least one side a key".to_owned());
        }
        let keys: BTreeSet<String> = [&component.on, &component.off]
            .into_iter()
            .flat_map(leaves)
            .collect();
        for key in &keys {
            if let Some(other) = decides(&decided, key) {
                fault(format!(
                    "sets `{key}` as '{other}' does: two components cannot both decide one key"
                ));
            }
        }
        decided.extend(keys.into_iter().map(|key| (key, name.as_str())));
    }
    faults
}

fn name_fault(name: &str) -> Option<String> {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.len() <= 40
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        return Some("call it by a letter and at most 39 letters, digits or '_'".to_owned());
    }
    let is_taken = TAKEN.contains(&name) || WORDS.contains(&name);
    is_taken.then(|| format!("'{name}' means something else here: call it otherwise"))
}

/// Who already decides `key`, a table that it lies in, or a key that lies in it.
fn decides<'a>(decided: &BTreeMap<String, &'a str>, key: &str) -> Option<&'a str> {
    let mut ends = key.match_indices('.').map(|(at, _)| at).chain([key.len()]);
    let above = ends.find_map(|end| decided.get(&key[..end]));
    let below = || {
        let below = format!("{key}.");
        let (first, name) = decided.range(below.clone()..).next()?;
        first.starts_with(&below).then_some(name)
    };
    above.or_else(below).copied()
}
