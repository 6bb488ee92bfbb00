//! Reading `[sweep]`: one rule, and a sentence where there are two or none.

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::SweepFile;

const RULES: &str = "`grid`, `list`, `random`, `one_out`, `one_in`, `cumulative` or `factorial`";

/// The rules by their words.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Rule {
    Grid,
    List,
    Random,
    OneOut,
    OneIn,
    Cumulative,
    Factorial,
}

impl<'de> Deserialize<'de> for SweepFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OneRule)
    }
}

struct OneRule;

impl<'de> Visitor<'de> for OneRule {
    type Value = SweepFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a table with one rule: {RULES}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SweepFile, A::Error> {
        let Some(rule) = map.next_key()? else {
            return Err(de::Error::custom(format!(
                "a sweep has one rule, and this one has none: give {RULES}"
            )));
        };
        let sweep = match rule {
            Rule::Grid => SweepFile::Grid(map.next_value()?),
            Rule::List => SweepFile::List(map.next_value()?),
            Rule::Random => SweepFile::Random(map.next_value()?),
            Rule::OneOut => SweepFile::OneOut(map.next_value()?),
            Rule::OneIn => SweepFile::OneIn(map.next_value()?),
            Rule::Cumulative => SweepFile::Cumulative(map.next_value()?),
            Rule::Factorial => SweepFile::Factorial(map.next_value()?),
        };
        match map.next_key::<Rule>()? {
            None => Ok(sweep),
            Some(_) => Err(de::Error::custom(format!(
                "a sweep has one rule, and this one has several: leave one of {RULES}"
            ))),
        }
    }
}
