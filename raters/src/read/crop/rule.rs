//! The `crop` key of a definition, read and refused where it makes no sense.

use mrprism_protocol::spec::CropRule;

use super::Crop;

const USUAL_MARGIN: f64 = 1.5;
const MARGINS: std::ops::RangeInclusive<f64> = 0.5..=10.0;

impl Crop {
    /// Parses the rule; the error names the key and what is allowed.
    pub(crate) fn parse(
        rule: Option<&CropRule>,
        structures: &[String],
    ) -> Result<Self, (&'static str, String)> {
        let Some(rule) = rule else {
            return Ok(Self::Whole);
        };
        let windowed = rule.rows.is_some() || rule.columns.is_some();
        match (windowed, rule.central, &rule.around) {
            (true, None, None) => window(rule),
            (false, Some([rows, columns]), None) if rows > 0 && columns > 0 => Ok(Self::Central {
                rows: rows as usize,
                columns: columns as usize,
            }),
            (false, Some(_), None) => Err((
                "crop.central",
                "give the most rows and columns, e.g. [640, 640]".to_owned(),
            )),
            (false, None, Some(around)) => return around_rule(rule, around, structures),
            _ => Err((
                "crop",
                "give one of: a window { rows = [160, 800] } (with or without columns), { central = [640, 640] }, or \
                 { around = \"disc\", from = \"mean\" }"
                    .to_owned(),
            )),
        }
        .and_then(|crop| {
            if rule.margin.is_some() || rule.from.is_some() {
                let message = "`margin` and `from` belong to `around`: leave them out";
                return Err(("crop", message.to_owned()));
            }
            Ok(crop)
        })
    }
}

fn window(rule: &CropRule) -> Result<Crop, (&'static str, String)> {
    let range = |key, range: Option<[u32; 2]>| match range {
        Some([first, end]) if first >= end => Err((
            key,
            format!("[{first}, {end}]: give the first one kept and the first one after it"),
        )),
        Some([first, end]) => Ok(Some((first as usize, end as usize))),
        None => Ok(None),
    };
    Ok(Crop::Window {
        rows: range("crop.rows", rule.rows)?,
        columns: range("crop.columns", rule.columns)?,
    })
}

fn around_rule(
    rule: &CropRule,
    around: &str,
    structures: &[String],
) -> Result<Crop, (&'static str, String)> {
    let Some(structure) = structures.iter().position(|name| name == around) else {
        let message = format!(
            "'{around}' is none of the structures {}",
            structures.join(", ")
        );
        return Err(("crop.around", message));
    };
    let Some(from) = rule.from else {
        let message =
            "is missing: say whose mask the crop is taken from: \"arbitrated\" or \"mean\"";
        return Err(("crop.from", message.to_owned()));
    };
    let margin = rule.margin.unwrap_or(USUAL_MARGIN);
    if !MARGINS.contains(&margin) {
        let message = format!("{margin}: give {} to {}", MARGINS.start(), MARGINS.end());
        return Err(("crop.margin", message));
    }
    Ok(Crop::Around {
        structure,
        margin,
        from,
    })
}

#[cfg(test)]
mod tests {
    use mrprism_protocol::spec::{CropFrom, CropOrigin, CropRule};

    use super::Crop;

    fn around(margin: f64, from: CropFrom) -> Crop {
        Crop::Around {
            structure: 0,
            margin,
            from,
        }
    }

    #[test]
    fn rules_that_say_two_things_or_nothing_are_refused() {
        let structures = ["disc".to_owned()];
        let parsed = |rule: CropRule| Crop::parse(Some(&rule), &structures);
        let rows = CropRule {
            rows: Some([1, 5]),
            ..CropRule::default()
        };
        let disc = CropRule {
            around: Some("disc".to_owned()),
            from: Some(CropFrom::Mean),
            ..CropRule::default()
        };
        assert_eq!(
            parsed(rows.clone()).unwrap().origin(),
            Some(CropOrigin::Fixed)
        );
        assert_eq!(parsed(disc.clone()).unwrap(), around(1.5, CropFrom::Mean));
        assert_eq!(
            parsed(disc.clone()).unwrap().origin(),
            Some(CropOrigin::Oracle)
        );
        assert_eq!(Crop::parse(None, &structures), Ok(Crop::Whole));
        let wrong = [
            (CropRule::default(), "crop"),
            (
                CropRule {
                    central: Some([9, 9]),
                    ..rows.clone()
                },
                "crop",
            ),
            (
                CropRule {
                    rows: Some([1, 5]),
                    ..disc.clone()
                },
                "crop",
            ),
            (
                CropRule {
                    margin: Some(2.0),
                    ..rows.clone()
                },
                "crop",
            ),
            (
                CropRule {
                    rows: Some([5, 5]),
                    ..rows
                },
                "crop.rows",
            ),
            (
                CropRule {
                    central: Some([0, 9]),
                    ..CropRule::default()
                },
                "crop.central",
            ),
            (
                CropRule {
                    from: None,
                    ..disc.clone()
                },
                "crop.from",
            ),
            (
                CropRule {
                    around: Some("cup".to_owned()),
                    ..disc.clone()
                },
                "crop.around",
            ),
            (
                CropRule {
                    margin: Some(f64::NAN),
                    ..disc
                },
                "crop.margin",
            ),
        ];
        for (rule, key) in wrong {
            assert_eq!(parsed(rule.clone()).unwrap_err().0, key, "{rule:?}");
        }
    }
}
