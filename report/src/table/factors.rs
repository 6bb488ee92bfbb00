//! What arms differ in, by the keys of their specifications: an ablation's ✓ columns.

use std::collections::BTreeMap;

use mrprism_protocol::spec::RunSpec;
use mrprism_protocol::wire::{TableArm, TableFactor};
use serde_json::Value;

use crate::run::RunFacts;

/// Keys with different values, in alphabetical order, of arms in their own. Where arms are of different methods, their parameters
/// are no factors: the method is.
pub(super) fn of(runs: &[RunFacts], arms: &[TableArm]) -> Vec<TableFactor> {
    let specs: Vec<BTreeMap<String, String>> = arms
        .iter()
        .filter_map(|arm| runs.iter().find(|run| run.arm == arm.arm))
        .map(|run| flat(&run.spec))
        .collect();
    let Some(first) = specs.first() else {
        return Vec::new();
    };
    let same_method = specs
        .iter()
        .all(|spec| spec.get("method") == first.get("method"));
    let mut keys: Vec<&String> = specs.iter().flat_map(BTreeMap::keys).collect();
    keys.sort_unstable();
    keys.dedup();
    let is_parameter = |key: &str| key.starts_with("network.") || key.starts_with("loss.");
    let factors = keys.into_iter().filter_map(|key| {
        let values: Vec<String> = specs
            .iter()
            .map(|spec| spec.get(key).cloned().unwrap_or_default())
            .collect();
        let differs = values.iter().any(|value| *value != values[0]);
        let counts = same_method || !is_parameter(key);
        (differs && counts).then(|| TableFactor {
            key: key.clone(),
            values,
        })
    });
    factors.collect()
}

/// A specification as dotted keys, as experiment files write them. What it is scored with is no factor, nor is the data set: that is
/// a column.
fn flat(spec: &RunSpec) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    keys.insert("method".to_owned(), spec.method.kind().to_owned());
    keys.insert("size".to_owned(), spec.size.to_string());
    let method = serde_json::to_value(&spec.method).unwrap_or_default();
    if let Some(parameters) = method.get(spec.method.kind()) {
        put(&mut keys, "", parameters);
    }
    let train = serde_json::to_value(&spec.train).unwrap_or_default();
    put(&mut keys, "train", &train);
    keys
}

fn put(keys: &mut BTreeMap<String, String>, prefix: &str, value: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let key = if prefix.is_empty() {
                    name.clone()
                } else {
                    format!("{prefix}.{name}")
                };
                put(keys, &key, value);
            }
        }
        Value::Null => {}
        Value::String(word) => {
            keys.insert(prefix.to_owned(), word.clone());
        }
        other => {
            keys.insert(prefix.to_owned(), other.to_string());
        }
    }
}
