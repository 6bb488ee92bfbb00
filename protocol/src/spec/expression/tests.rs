//! Expressions by hand: values, refusals, and texts that mean harm.

use proptest::prelude::*;

use super::{Expression, Value};

fn lookup(key: &str) -> Result<Value, String> {
    match key {
        "train.batch" => Ok(Value::Number(8.0)),
        "network.recurrences" => Ok(Value::Number(3.0)),
        "method" => Ok(Value::Text("mrprism".to_owned())),
        "shuffle" => Ok(Value::Flag(true)),
        "heads" => Ok(Value::Flag(false)),
        _ => Err(format!("no key {key}")),
    }
}

fn number(text: &str) -> Result<f64, String> {
    Expression::number(text)?.to_number(&lookup)
}

fn holds(text: &str) -> Result<bool, String> {
    Expression::condition(text)?.holds(&lookup)
}

#[test]
fn numbers_come_out_as_by_hand() {
    let table = [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("10 - 2 - 3", 5.0),
        ("16 / 4 / 2", 2.0),
        ("-2 * -3", 6.0),
        ("2 - -2", 4.0),
        ("1e-4 * train.batch / 16", 1e-4 * 8.0 / 16.0),
        ("network.recurrences + 1", 4.0),
        ("min(train.batch, 4, 9)", 4.0),
        ("max(1, min(2, 3)) * 2", 4.0),
    ];
    for (text, value) in table {
        assert_eq!(number(text), Ok(value), "{text}");
    }
}

#[test]
fn conditions_hold_as_by_hand() {
    let table = [
        ("method == \"mrprism\"", true),
        ("method != 'mrprism'", false),
        ("shuffle and not heads", true),
        ("not shuffle or heads", false),
        ("not not shuffle", true),
        ("not (shuffle or heads)", false),
        ("heads or shuffle and heads", false),
        ("not network.recurrences > 3", true),
        ("train.batch >= 8 and train.batch <= 8", true),
        ("train.batch < 8 or train.batch > 8", false),
        ("shuffle == true and heads == false", true),
        // The left side decides: the key that is not there is not asked for.
        ("method == \"unet\" and loss.alpha > 1", false),
    ];
    for (text, value) in table {
        assert_eq!(holds(text), Ok(value), "{text}");
    }
}

#[test]
fn refusals_are_sentences() {
    let numbers = [
        "",
        "1 +",
        "1 2",
        "(1",
        "1)",
        "1 / 0",
        "1e999",
        "3x",
        "1.2.3",
        "min(1)",
        "min 1",
        "max(1, 2",
        "method + 1",
        "\"a\" + 1",
        "1 < 2",
        "train.bach",
        "2 % 3",
        "-shuffle",
        "and",
        "\"open",
        "🦀",
    ];
    let conditions = [
        "1",
        "1 < 2 < 3",
        "a = 1",
        "a && b",
        "a || b",
        "!a",
        "shuffle < 1",
        "method == 3",
        "1 == \"a\"",
        "shuffle and 1",
        "not 3",
        "train.batch",
        "method",
    ];
    let told = |text: &str, fault: Option<String>| {
        format!(
            "{text} ⇒ {}",
            fault.unwrap_or_else(|| "accepted".to_owned())
        )
    };
    let lines = numbers.map(|text| told(text, number(text).err()));
    let more = conditions.map(|text| told(text, holds(text).err()));
    insta::assert_snapshot!([&lines[..], &more[..]].concat().join("\n"));
}

#[test]
fn what_is_long_or_deep_is_refused_and_not_followed() {
    let deep = [
        format!("{}1{}", "(".repeat(400), ")".repeat(400)),
        "-".repeat(900) + "1",
        "not ".repeat(240) + "true",
        "min(1,".repeat(100) + "1" + &")".repeat(100),
    ];
    for text in deep {
        let told = Expression::number(&text).unwrap_err();
        assert!(told.contains("inside each other"), "{told}");
    }
    let told = number(&"1+".repeat(100_000)).unwrap_err();
    assert_eq!(told, "is 200000 bytes long: at most 1000 are read");
    // The longest chain that is read is evaluated and dropped without harm.
    assert_eq!(number(&("1+".repeat(499) + "1")), Ok(500.0));
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let _ = number(&text);
        let _ = holds(&text);
    }

    #[test]
    fn no_order_of_tokens_panics(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "(", ")", "-", "+", "*", "/", "not", "and", "or", "min(", "max(", ",", "==", "<", "1", "0",
            "1e-4", "\"w\"", "shuffle", "train.batch", "true", "é", "'",
        ]), 0..60)
    ) {
        let text = tokens.join(" ");
        let _ = number(&text);
        let _ = holds(&text);
    }

    #[test]
    fn sums_and_products_equal_direct_computation(a in -1e6..1e6f64, b in 1e-3..1e6f64, c in 0u32..1000) {
        let expected = a * f64::from(c) - b / 3.0 + a.min(b);
        prop_assert_eq!(number(&format!("{a} * {c} - {b} / 3 + min({a}, {b})")), Ok(expected));
    }
}
