//! `[[rule]]`: cells that the experiment's author knows to be of no use.

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

use super::derive::shown;
use super::lookup::held;
use crate::spec::arms::Arm;
use crate::spec::expression::{Expression, Value};
use crate::spec::locate::line_of_rule;
use crate::spec::merge::at;
use crate::spec::{Bundle, ComponentFile, ExperimentFile, SpecError};

/// Most rules of an experiment.
const MOST: usize = 100;

/// The rules of an experiment.
pub(super) struct Rules<'a> {
    bundle: &'a Bundle,
    components: &'a BTreeMap<String, ComponentFile>,
    listed: Vec<Rule>,
}

struct Rule {
    text: String,
    reason: String,
    condition: Expression,
    /// Keys that no run has had so far.
    unmet: BTreeSet<String>,
}

/// Why a cell is left out.
pub(super) struct Drop {
    pub(super) reason: String,
    /// Whether the rule looks at the data set.
    pub(super) by_dataset: bool,
}

impl<'a> Rules<'a> {
    /// Reads the rules.
    pub(super) fn read(
        bundle: &'a Bundle,
        file: &'a ExperimentFile,
    ) -> Result<Self, Vec<SpecError>> {
        if file.rules.len() > MOST {
            let message = format!("{} rules: at most {MOST}", file.rules.len());
            return Err(vec![fault(bundle, MOST, "drop", message)]);
        }
        let mut faults = Vec::new();
        let mut rules = Vec::new();
        for (position, rule) in file.rules.iter().enumerate() {
            if rule.reason.trim().is_empty() {
                let message = "say why such cells are left out".to_owned();
                faults.push(fault(bundle, position, "reason", message));
            }
            match Expression::condition(&rule.drop) {
                Ok(condition) => rules.push(Rule {
                    text: rule.drop.clone(),
                    reason: rule.reason.clone(),
                    unmet: condition.keys().clone(),
                    condition,
                }),
                Err(message) => {
                    let message = format!("`{}` {message}", shown(&rule.drop));
                    faults.push(fault(bundle, position, "drop", message));
                }
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            bundle,
            components: &file.components,
            listed: rules,
        })
    }

    /// The first rule that leaves out this run of `arm`.
    pub(super) fn drop(&mut self, run: &Table, arm: &Arm) -> Result<Option<Drop>, SpecError> {
        let components = self.components;
        let lookup = |key: &str| match arm.components.get(key) {
            Some(on) => Ok(Value::Flag(*on)),
            None if components.contains_key(key) => Err(format!(
                "component `{key}` is not switched by this sweep, so that it is neither on nor off"
            )),
            None => held(run, key).map_err(|told| with_components(told, key, arm)),
        };
        for rule in &mut self.listed {
            let is_met = |key: &str| components.contains_key(key) || at(run, key).is_some();
            rule.unmet.retain(|key| !is_met(key));
        }
        for (position, rule) in self.listed.iter().enumerate() {
            let holds = rule.condition.holds(&lookup).map_err(|message| {
                let message = format!("`{}`: {message}", rule.text);
                fault(self.bundle, position, "drop", message)
            })?;
            if holds {
                return Ok(Some(Drop {
                    reason: rule.reason.clone(),
                    by_dataset: rule.condition.keys().contains("dataset"),
                }));
            }
        }
        Ok(None)
    }

    /// Keys that no run had, which a condition decided before it came to them hides.
    pub(super) fn unmet(&self) -> Vec<SpecError> {
        let unmet = self.listed.iter().enumerate().flat_map(|(position, rule)| {
            rule.unmet.iter().map(move |key| {
                let message = format!("`{}`: no run of this experiment has `{key}`", rule.text);
                fault(self.bundle, position, "drop", message)
            })
        });
        unmet.collect()
    }

    /// Every cell has been left out.
    pub(super) fn nothing_left(&self) -> SpecError {
        let message = "the rules leave out every cell: nothing would be run".to_owned();
        fault(self.bundle, 0, "drop", message)
    }
}

fn with_components(told: String, key: &str, arm: &Arm) -> String {
    if key.contains('.') || arm.components.is_empty() {
        return told;
    }
    let names: Vec<_> = arm.components.keys().map(String::as_str).collect();
    format!("{told}; components are {}", names.join(", "))
}

fn fault(bundle: &Bundle, position: usize, key: &str, message: String) -> SpecError {
    SpecError {
        file: bundle.experiment.file.clone(),
        line: line_of_rule(&bundle.experiment.text, position, key),
        key: format!("rule.{key}"),
        message,
    }
}
