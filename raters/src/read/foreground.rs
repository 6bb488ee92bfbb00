//! Which values of a mask file are foreground.

use mrprism_protocol::spec::Foreground;

/// Whether `value` is foreground; without a rule, anything but 0. NaN never is.
pub(super) fn is_foreground(rule: Option<&Foreground>, value: f32) -> bool {
    let value = f64::from(value);
    match rule {
        None => value.abs() > 0.0,
        Some(Foreground::Above(bound)) => value > *bound,
        Some(Foreground::Below(bound)) => value < *bound,
        // Labels are small whole numbers; a scaled NIfTI stores them to within rounding.
        Some(Foreground::Equals(values)) => values.iter().any(|label| (value - label).abs() < 1e-3),
    }
}

#[cfg(test)]
mod tests {
    use mrprism_protocol::spec::Foreground;

    use super::is_foreground;

    #[test]
    fn each_rule_at_its_bound() {
        let marked = |rule: Option<Foreground>| {
            [-1.0, 0.0, 1.0, 127.0, 128.0, f32::NAN]
                .map(|value| is_foreground(rule.as_ref(), value))
        };
        let of = |marks: [u8; 6]| marks.map(|mark| mark == 1);
        assert_eq!(marked(None), of([1, 0, 1, 1, 1, 0]));
        assert_eq!(
            marked(Some(Foreground::Above(127.0))),
            of([0, 0, 0, 0, 1, 0])
        );
        assert_eq!(marked(Some(Foreground::Below(1.0))), of([1, 1, 0, 0, 0, 0]));
        assert_eq!(
            marked(Some(Foreground::Equals(vec![1.0, 128.0]))),
            of([0, 0, 1, 0, 1, 0])
        );
    }
}
