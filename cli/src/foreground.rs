//! `--foreground`: which stored values of a mask file are marked.

use mrprism_protocol::spec::Foreground;

/// Reads `above:127`, `below:1` or `equals:1,2`.
pub(crate) fn parse(text: &str) -> Result<Foreground, String> {
    let number = |text: &str| {
        let value = text.trim().parse::<f64>().ok();
        value
            .filter(|value| value.is_finite())
            .ok_or_else(|| format!("'{text}' is no number"))
    };
    match text.split_once(':') {
        Some(("above", bound)) => number(bound).map(Foreground::Above),
        Some(("below", bound)) => number(bound).map(Foreground::Below),
        Some(("equals", values)) => {
            let values: Result<_, _> = values.split(',').map(number).collect();
            values.map(Foreground::Equals)
        }
        _ => Err("give above:NUMBER, below:NUMBER or equals:NUMBER,…".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use mrprism_protocol::spec::Foreground;

    use super::parse;

    #[test]
    fn each_rule_and_what_is_none() {
        assert_eq!(parse("above:127"), Ok(Foreground::Above(127.0)));
        assert_eq!(parse("below:0.5"), Ok(Foreground::Below(0.5)));
        assert_eq!(parse("equals:1,2"), Ok(Foreground::Equals(vec![1.0, 2.0])));
        for wrong in ["127", "above", "above:x", "equals:", "over:1", "above:inf"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
