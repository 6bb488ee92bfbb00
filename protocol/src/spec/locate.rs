//! Where in a file a dotted key stands.

use toml::de::{DeTable, DeValue};

use super::error::line_of;

/// Line of dotted `key` as arm number `arm` of an experiment file sees it: derived, or where it is set.
pub(super) fn line_of_key(text: &str, arm: Option<usize>, key: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let derived = find(document.get_ref(), &["derive"]).and_then(|derive| offset_in(&derive, key));
    derived
        .map(|offset| line_of(text, offset))
        .or_else(|| line_of_set_key(text, arm, key))
}

/// Line of dotted `key` where it is set: in the arm's own `set`, the sweep, a component that is swept, or the base.
pub(super) fn line_of_set_key(text: &str, arm: Option<usize>, key: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let root = document.get_ref();
    let in_arm = arm_table(root, arm).and_then(|arm| {
        let set = arm.iter().find(|(name, _)| name.get_ref() == "set")?;
        offset_in(set.1.get_ref(), key)
    });
    let in_sweep = || {
        let DeValue::Table(sweep) = find(root, &["sweep"])? else {
            return None;
        };
        sweep.iter().find_map(|(_, rule)| {
            let axes = || match rule.get_ref() {
                DeValue::Table(rule) => offset_in(&find(rule, &["axes"])?, key),
                _ => None,
            };
            offset_in(rule.get_ref(), key).or_else(axes)
        })
    };
    let in_components = || {
        // A grid beside declared components switches none of them.
        let switches = ["one_out", "one_in", "cumulative", "factorial"];
        switches
            .iter()
            .find_map(|operator| find(root, &["sweep", operator]))?;
        let DeValue::Table(components) = find(root, &["components"])? else {
            return None;
        };
        components.iter().find_map(|(_, component)| {
            let DeValue::Table(component) = component.get_ref() else {
                return None;
            };
            component
                .iter()
                .find_map(|(_, side)| offset_in(side.get_ref(), key))
        })
    };
    let in_base = || {
        let base = find(root, &["base"])?;
        offset_in(&base, key).or_else(|| {
            let (parent, _) = key.rsplit_once('.')?;
            offset_in(&base, parent)
        })
    };
    in_arm
        .or_else(in_sweep)
        .or_else(in_components)
        .or_else(in_base)
        .map(|offset| line_of(text, offset))
}

/// Line of a top-level key of a file.
pub(super) fn line_of_top_key(text: &str, key: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let (name, _) = document
        .get_ref()
        .iter()
        .find(|(name, _)| name.get_ref() == key)?;
    Some(line_of(text, name.span().start))
}

/// Line of the key at the end of `path`, or of the last one on the way that is there.
pub(super) fn line_of_path(text: &str, path: &[impl AsRef<str>]) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut line = None;
    for part in path {
        let Some((name, value)) = table
            .iter()
            .find(|(name, _)| name.get_ref() == part.as_ref())
        else {
            break;
        };
        line = Some(line_of(text, name.span().start));
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    line
}

/// Line of `key` of `[[rule]]` number `rule`.
pub(super) fn line_of_rule(text: &str, rule: usize, key: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let DeValue::Array(rules) = find(document.get_ref(), &["rule"])? else {
        return None;
    };
    let offset = offset_in(rules.get(rule)?.get_ref(), key)?;
    Some(line_of(text, offset))
}

/// Line of a key of arm number `arm` itself, beside its `set`; else of the file's key of that name.
pub(super) fn line_of_arm_key(text: &str, arm: Option<usize>, key: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let own = arm_table(document.get_ref(), arm)
        .and_then(|arm| offset_in(&DeValue::Table(arm), key))
        .map(|offset| line_of(text, offset));
    own.or_else(|| line_of_top_key(text, key))
}

/// Arm number `arm` as its file has it.
fn arm_table<'a>(root: &DeTable<'a>, arm: Option<usize>) -> Option<DeTable<'a>> {
    let DeValue::Array(arms) = find(root, &["arm"])? else {
        return None;
    };
    match arms.get(arm?)?.get_ref() {
        DeValue::Table(arm) => Some(arm.clone()),
        _ => None,
    }
}

fn find<'a>(table: &DeTable<'a>, path: &[&str]) -> Option<DeValue<'a>> {
    let (first, rest) = path.split_first()?;
    let (_, value) = table.iter().find(|(name, _)| name.get_ref() == first)?;
    match (rest.is_empty(), value.get_ref()) {
        (true, value) => Some(value.clone()),
        (false, DeValue::Table(inner)) => find(inner, rest),
        _ => None,
    }
}

/// Offset of the dotted `key` below `value`, whether written as nested tables or as one quoted key.
fn offset_in(value: &DeValue<'_>, key: &str) -> Option<usize> {
    let DeValue::Table(table) = value else {
        return None;
    };
    table.iter().find_map(|(name, inner)| {
        let found: &str = name.get_ref();
        if found == key {
            return Some(name.span().start);
        }
        let rest = key.strip_prefix(found)?.strip_prefix('.')?;
        offset_in(inner.get_ref(), rest)
    })
}
