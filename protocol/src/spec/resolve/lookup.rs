//! What a key of a run holds, for expressions.

use toml::Table;

use crate::spec::expression::Value;
use crate::spec::merge::at;

/// What `key` holds, or a sentence that says what there is.
pub(super) fn held(run: &Table, key: &str) -> Result<Value, String> {
    let Some(found) = at(run, key) else {
        return Err(unknown(run, key));
    };
    Value::of(found).ok_or_else(|| match found {
        toml::Value::Table(inner) => {
            format!(
                "`{key}` is a table: name one of its keys, {}",
                listed(inner)
            )
        }
        _ => format!("`{key}` is a list: only numbers, words, true and false can be used"),
    })
}

fn unknown(run: &Table, key: &str) -> String {
    let inner = key.rsplit_once('.').and_then(|(parent, _)| {
        let table = at(run, parent)?.as_table()?;
        Some((parent, table))
    });
    match inner {
        Some((parent, table)) => {
            format!(
                "no key `{key}` in this run: [{parent}] has {}",
                listed(table)
            )
        }
        None => format!("no key `{key}` in this run: it has {}", listed(run)),
    }
}

fn listed(table: &Table) -> String {
    let keys: Vec<_> = table.keys().map(String::as_str).collect();
    keys.join(", ")
}
