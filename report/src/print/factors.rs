//! What arms differ in, as an ablation prints it: ticks for what is on, words for what is chosen.

use mrprism_protocol::wire::{Table, TableFactor};

/// What is on.
pub(super) const TICK: &str = "✓";

/// A column for each factor, by the last part of its key where that is enough.
pub(super) fn headings(table: &Table) -> Vec<String> {
    let last = |factor: &TableFactor| {
        let key = factor.key.as_str();
        key.rsplit('.').next().unwrap_or(key).to_owned()
    };
    let short: Vec<_> = table.factors.iter().map(last).collect();
    let alone = |name: &String| short.iter().filter(|other| *other == name).count() == 1;
    let headings = table.factors.iter().zip(&short).map(|(factor, name)| {
        if alone(name) {
            name.clone()
        } else {
            factor.key.clone()
        }
    });
    headings.collect()
}

/// What stands in an arm's row, one a factor.
pub(super) fn of_arm(table: &Table, arm: &str) -> Vec<String> {
    let place = table.arms.iter().position(|known| known.arm == arm);
    let value = |factor: &TableFactor| {
        let value = place.and_then(|place| factor.values.get(place));
        value.map_or_else(String::new, |value| shown(factor, value))
    };
    table.factors.iter().map(value).collect()
}

/// `true` and the one number that is not 0 are ticks, `false` and 0 blanks; words and several numbers stay what they are.
fn shown(factor: &TableFactor, value: &str) -> String {
    let number = |value: &String| value.parse::<f64>().ok();
    let known = factor.values.iter().filter(|value| !value.is_empty());
    let numbers: Option<Vec<f64>> = known.map(number).collect();
    let on = numbers.map(|mut numbers| {
        numbers.retain(|number| *number != 0.0);
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        numbers.len()
    });
    match (value, on) {
        ("true", _) => TICK.to_owned(),
        ("false" | "", _) => String::new(),
        (value, Some(on)) if value.parse() == Ok(0.0) && on <= 1 => String::new(),
        (_, Some(1)) if factor.values.iter().any(|value| value.parse() == Ok(0.0)) => {
            TICK.to_owned()
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use mrprism_protocol::wire::TableFactor;

    use super::shown;

    fn all(values: &[&str]) -> Vec<String> {
        let factor = TableFactor {
            key: "loss.shuffle".to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        values.iter().map(|value| shown(&factor, value)).collect()
    }

    #[test]
    fn what_is_on_is_ticked_and_what_is_chosen_is_named() {
        assert_eq!(all(&["true", "false", ""]), ["✓", "", ""]);
        assert_eq!(all(&["0.0", "0.3", "0.3"]), ["", "✓", "✓"]);
        assert_eq!(all(&["0.3", "0"]), ["✓", ""]);
        // Two amounts: a tick would hide which.
        assert_eq!(all(&["0.0", "0.3", "1.0"]), ["0.0", "0.3", "1.0"]);
        assert_eq!(all(&["3", "3", ""]), ["3", "3", ""]);
        assert_eq!(
            all(&["concat", "attentive", "0"]),
            ["concat", "attentive", "0"]
        );
    }
}
