//! Layers of a definition: method defaults, the experiment's base, an arm's changes.

use std::collections::BTreeSet;

use toml::{Table, Value};

/// Pairs of keys of which a later layer's one replaces the earlier layer's other.
const RIVALS: [(&str, &str); 2] = [("steps", "epochs"), ("epochs", "steps")];

/// Writes `upper` over `lower`, table by table.
pub(super) fn merge(lower: &mut Table, upper: &Table) {
    for (rival, replaced) in RIVALS {
        if upper.contains_key(rival) && !upper.contains_key(replaced) {
            lower.remove(replaced);
        }
    }
    for (key, value) in upper {
        match (lower.get_mut(key), value) {
            (Some(Value::Table(lower)), Value::Table(upper)) => merge(lower, upper),
            _ => {
                lower.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Turns `{"network.recurrences": 1}` into `{network: {recurrences: 1}}`.
pub(super) fn expand_dotted(set: &Table) -> Table {
    let mut expanded = Table::new();
    for (key, value) in set {
        let mut single = value.clone();
        let mut parts: Vec<_> = key.split('.').collect();
        while parts.len() > 1 {
            let last = parts.pop().unwrap_or_default();
            single = Value::Table(Table::from_iter([(last.to_owned(), single)]));
        }
        merge(
            &mut expanded,
            &Table::from_iter([(parts[0].to_owned(), single)]),
        );
    }
    expanded
}

/// Most parts of a dotted key. Real ones have three; each part is a table inside another.
const DEEPEST: usize = 8;

/// A key of a set that has more parts than any key of a run.
pub(super) fn too_deep(set: &Table) -> Option<&String> {
    set.keys().find(|key| key.split('.').count() > DEEPEST)
}

/// Every dotted key that a set gives a value, whether written as nested tables or in quotes.
pub(super) fn leaves(set: &Table) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (key, value) in set {
        match value {
            Value::Table(inner) if !inner.is_empty() => {
                let inner = leaves(inner).into_iter();
                found.extend(inner.map(|rest| format!("{key}.{rest}")));
            }
            _ => {
                found.insert(key.clone());
            }
        }
    }
    found
}

/// What stands at a dotted key of nested tables.
pub(super) fn at<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        None => table.get(key),
        Some((first, rest)) => at(table.get(first)?.as_table()?, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::{expand_dotted, merge};

    #[test]
    fn an_upper_layers_steps_replace_a_lower_layers_epochs() {
        let mut lower = toml::toml! { train = { epochs = 150, batch = 16 } };
        merge(
            &mut lower,
            &expand_dotted(&toml::toml! { "train.steps" = 10 }),
        );
        assert_eq!(lower, toml::toml! { train = { batch = 16, steps = 10 } });
    }
}
