//! In which keys two specifications differ, as an experiment file would name them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::RunSpec;

/// A key that has another value on either side; none where a side has no such key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyDifference {
    /// Dotted, e.g. `network.recurrences`.
    pub key: String,
    /// The first side's value.
    pub a: Option<Value>,
    /// The second side's value.
    pub b: Option<Value>,
}

/// The keys in which two specifications differ, by name. Of two kinds of method only `method` is named, not every parameter
/// that one of them lacks.
pub fn differences(a: &RunSpec, b: &RunSpec) -> Vec<KeyDifference> {
    let (mut left, mut right) = (dotted(a), dotted(b));
    if a.method.kind() != b.method.kind() {
        for side in [&mut left, &mut right] {
            side.retain(|key, _| !key.starts_with("network.") && !key.starts_with("loss."));
        }
    }
    differing(&left, &right)
}

/// The keys in which two JSON values differ.
pub fn differences_of_json(a: &Value, b: &Value) -> Vec<KeyDifference> {
    let (mut left, mut right) = (BTreeMap::new(), BTreeMap::new());
    flatten("", a, &mut left);
    flatten("", b, &mut right);
    differing(&left, &right)
}

fn differing(a: &BTreeMap<String, Value>, b: &BTreeMap<String, Value>) -> Vec<KeyDifference> {
    let mut keys: Vec<_> = a.keys().chain(b.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter()
        .filter(|key| a.get(*key) != b.get(*key))
        .map(|key| KeyDifference {
            key: key.clone(),
            a: a.get(key).cloned(),
            b: b.get(key).cloned(),
        })
        .collect()
}

/// Every value of a specification under the key that an experiment file has for it.
fn dotted(spec: &RunSpec) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    flatten(
        "",
        &serde_json::to_value(spec).unwrap_or_default(),
        &mut values,
    );
    let kind = spec.method.kind();
    let tag = format!("method.{kind}.");
    let mut named: BTreeMap<String, Value> = values
        .into_iter()
        .map(|(key, value)| {
            let key = match key.strip_prefix(&tag) {
                Some(rest) => rest.to_owned(),
                None if key == "dataset.name" => "dataset".to_owned(),
                None => key,
            };
            (key, value)
        })
        .collect();
    named.insert("method".to_owned(), kind.into());
    named
}

/// Lists are values; empty tables are too, so that they differ from a missing one.
fn flatten(prefix: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(table) if !table.is_empty() => {
            for (key, value) in table {
                let key = if prefix.is_empty() {
                    key.clone()
                } else {
                    format!("{prefix}.{key}")
                };
                flatten(&key, value, into);
            }
        }
        _ => {
            into.insert(prefix.to_owned(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::differences_of_json;

    #[test]
    fn only_what_differs_is_named_and_a_missing_key_differs() {
        let a = json!({"train": {"lr": 1e-4, "betas": [0.9, 0.99]}, "size": 64});
        let b = json!({"train": {"lr": 1e-3, "betas": [0.9, 0.99], "steps": 5}, "size": 64});
        let found = differences_of_json(&a, &b);
        let keys: Vec<_> = found.iter().map(|found| found.key.as_str()).collect();
        assert_eq!(keys, ["train.lr", "train.steps"]);
        assert_eq!((&found[1].a, &found[1].b), (&None, &Some(json!(5))));
        assert!(differences_of_json(&a, &a).is_empty());
    }
}
