//! `[derive]`: keys that follow from other keys of the run.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::lookup::held;
use crate::spec::expression::{self, Expression};
use crate::spec::locate::line_of_path;
use crate::spec::merge::{at, expand_dotted, merge, too_deep};
use crate::spec::{Bundle, ExperimentFile, SpecError};

/// Most derived keys of an experiment.
const MOST: usize = 100;
/// Tables of a run whose keys may be derived; beside them, `size`.
const TABLES: [&str; 4] = ["network", "loss", "train", "evaluation"];
/// Whole numbers up to here are exact as floats.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Derived keys, each behind those that it follows from.
pub(super) struct Derivations(Vec<Derivation>);

struct Derivation {
    key: String,
    text: String,
    expression: Expression,
}

/// What is wrong: the derived key and why.
pub(super) type DeriveFault = (String, String);

impl Derivations {
    /// Reads the table; refuses what cannot be derived whatever the arm.
    pub(super) fn read(bundle: &Bundle, file: &ExperimentFile) -> Result<Self, Vec<SpecError>> {
        let fault = |key: &str, message: String| {
            let path = ["derive", key];
            SpecError {
                file: bundle.experiment.file.clone(),
                line: line_of_path(&bundle.experiment.text, &path),
                key: path.join(".").trim_end_matches('.').to_owned(),
                message,
            }
        };
        if file.derive.len() > MOST {
            let message = format!("{} keys are derived: at most {MOST}", file.derive.len());
            return Err(vec![fault("", message)]);
        }
        let mut faults = Vec::new();
        let mut waiting = Vec::new();
        for (key, text) in &file.derive {
            if let Some(message) = target_fault(key) {
                faults.push(fault(key, message));
                continue;
            }
            match Expression::number(text) {
                Ok(expression) => waiting.push(Derivation {
                    key: key.clone(),
                    text: text.clone(),
                    expression,
                }),
                Err(message) => faults.push(fault(key, format!("`{}` {message}", shown(text)))),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut ordered: Vec<Derivation> = Vec::new();
        while !waiting.is_empty() {
            let open: BTreeSet<String> = waiting.iter().map(|left| left.key.clone()).collect();
            let (ready, left): (Vec<_>, Vec<_>) = waiting
                .into_iter()
                .partition(|left| left.expression.keys().is_disjoint(&open));
            if ready.is_empty() {
                let cycle = cycle(&left);
                let message = format!(
                    "{} is a circle: nothing in it has a value",
                    cycle.join(" → ")
                );
                return Err(vec![fault(&cycle[0], message)]);
            }
            ordered.extend(ready);
            waiting = left;
        }
        Ok(Self(ordered))
    }

    /// Whether `key` is derived, or a table that a derived key lies in.
    pub(super) fn of(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|derived| {
            let rest = derived.key.strip_prefix(key);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        found.map(|derived| derived.key.as_str())
    }

    /// Whether nothing is derived.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The expression of a derived key.
    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|derived| derived.key == key);
        found.map(|derived| derived.text.as_str())
    }

    /// Writes every derived key into a run's tables.
    pub(super) fn apply(&self, run: &mut Table) -> Result<(), DeriveFault> {
        let mut values: BTreeMap<&str, f64> = BTreeMap::new();
        for Derivation {
            key, expression, ..
        } in &self.0
        {
            let fault = |message: String| (key.clone(), message);
            if at(run, key).is_some_and(Value::is_table) {
                return Err(fault(
                    "the key is a table: derive one of its keys".to_owned(),
                ));
            }
            let lookup = |name: &str| match values.get(name) {
                Some(value) => Ok(expression::Value::Number(*value)),
                None => held(run, name),
            };
            let value = expression.to_number(&lookup).map_err(fault)?;
            values.insert(key, value);
        }
        let derived = values
            .into_iter()
            .map(|(key, value)| (key.to_owned(), written(value)));
        merge(run, &expand_dotted(&derived.collect()));
        Ok(())
    }
}

/// A value as its author would have written it: whole numbers without a point, which a key of any number takes.
fn written(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < EXACT {
        Value::Integer(value as i64)
    } else {
        Value::Float(value)
    }
}

fn target_fault(key: &str) -> Option<String> {
    let (table, rest) = key.split_once('.').unwrap_or((key, ""));
    let deep = too_deep(&Table::from_iter([(key.to_owned(), Value::Boolean(true))])).is_some();
    let known = key == "size" || TABLES.contains(&table) && !rest.is_empty();
    (deep || !known).then(|| {
        let tables = TABLES.map(|table| format!("{table}.*")).join(", ");
        format!("no number of a run is called so: allowed are size, {tables}, each in quotes")
    })
}

/// A circle among derivations of which each waits for another: its keys, the first again at the end.
fn cycle(waiting: &[Derivation]) -> Vec<String> {
    let next = |key: &str| {
        let found = waiting.iter().find(|derived| derived.key == key)?;
        let keys = found.expression.keys().iter();
        keys.map(String::as_str)
            .find(|key| waiting.iter().any(|derived| derived.key == *key))
    };
    let mut path: Vec<&str> = Vec::new();
    let mut key = waiting.first().map_or("", |derived| derived.key.as_str());
    while !path.contains(&key) {
        path.push(key);
        key = next(key).unwrap_or_default();
    }
    let from = path.iter().position(|passed| *passed == key).unwrap_or(0);
    let circle = path[from..].iter().chain([&key]);
    circle.map(|key| (*key).to_owned()).collect()
}

/// The beginning of an expression, for a sentence.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(80).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
