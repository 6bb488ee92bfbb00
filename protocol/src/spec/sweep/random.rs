//! `random`: points drawn by chance, each value by a hash of seed, point and key, so that a new axis or more points change no
//! value that was drawn before.

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::{MOST_ARMS, SweepFault};
use crate::spec::Seed;

/// The `[sweep.random]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomSweep {
    /// How many points.
    pub points: u32,
    /// Another seed draws other points.
    #[serde(default)]
    pub seed: u64,
    /// Dotted key → list of values, or one of `{ uniform = [a, b] }`, `{ log_uniform = [a, b] }`, `{ integers = [a, b] }`.
    pub axes: Table,
}

/// Where a key's values are drawn from.
enum Axis<'a> {
    /// One of these, each as likely.
    Values(&'a [Value]),
    /// Between two numbers.
    Uniform(f64, f64),
    /// Between two numbers above 0, uniform in the logarithm.
    LogUniform(f64, f64),
    /// A whole number, both ends among them.
    Integers(i64, i64),
}

const FORMS: &str = "give a list of values, { uniform = [a, b] }, { log_uniform = [a, b] } or { integers = [a, b] }; \
                     a dotted key stands in quotes";

impl RandomSweep {
    pub(super) fn points(&self) -> Result<Vec<Table>, SweepFault> {
        let fault = |key: &str, message: String| SweepFault::new(["sweep", "random", key], message);
        if !(1..=MOST_ARMS).contains(&(self.points as usize)) {
            let message = format!("{}: give 1 to {MOST_ARMS} points", self.points);
            return Err(fault("points", message));
        }
        if self.axes.is_empty() {
            return Err(fault("axes", "has no key to draw".to_owned()));
        }
        let axes = self.axes.iter().map(|(key, axis)| {
            let axis = Axis::read(axis);
            let axis = axis.map_err(|told| SweepFault::new(["sweep", "random", "axes", key], told));
            Ok((key, axis?))
        });
        let axes = axes.collect::<Result<Vec<_>, SweepFault>>()?;
        let mut points: Vec<Table> = Vec::new();
        for point in 0..u64::from(self.points) {
            let values = axes.iter().map(|(key, axis)| {
                let word = Seed(self.seed).draw(&format!("sweep.{key}"), point, 0);
                ((*key).clone(), axis.at(word))
            });
            points.push(values.collect());
        }
        Ok(points)
    }
}

impl<'a> Axis<'a> {
    fn read(axis: &'a Value) -> Result<Self, String> {
        let table = match axis {
            Value::Array(values) if values.is_empty() => return Err(format!("is empty: {FORMS}")),
            Value::Array(values) => return Ok(Self::Values(values)),
            Value::Table(table) if table.len() == 1 => table,
            _ => return Err(FORMS.to_owned()),
        };
        let Some((form, ends)) = table.iter().next() else {
            return Err(FORMS.to_owned());
        };
        let two = match ends {
            Value::Array(two) if two.len() == 2 => two,
            _ => return Err(format!("`{form}` needs two ends: {FORMS}")),
        };
        let ordered = "ends must be finite, the first below the second";
        match form.as_str() {
            "integers" => match (two[0].as_integer(), two[1].as_integer()) {
                (Some(low), Some(high)) if low < high => Ok(Self::Integers(low, high)),
                _ => Err("ends must be whole numbers, the first below the second".to_owned()),
            },
            "uniform" | "log_uniform" => match (number(&two[0]), number(&two[1])) {
                (Some(low), Some(high)) if low < high && (high - low).is_finite() => {
                    match form.as_str() {
                        "uniform" => Ok(Self::Uniform(low, high)),
                        _ if low > 0.0 => Ok(Self::LogUniform(low, high)),
                        _ => Err("a logarithm needs ends above 0".to_owned()),
                    }
                }
                _ => Err(ordered.to_owned()),
            },
            _ => Err(format!("`{form}` is not known: {FORMS}")),
        }
    }

    /// The value that a word of 64 random bits stands for.
    fn at(&self, word: u64) -> Value {
        // 53 bits are all that a float between 0 and 1 can hold.
        let share = (word >> 11) as f64 / (1_u64 << 53) as f64;
        match self {
            Self::Values(values) => values[below(word, values.len() as u128) as usize].clone(),
            Self::Integers(low, high) => {
                let span = (i128::from(*high) - i128::from(*low) + 1) as u128;
                Value::Integer((i128::from(*low) + below(word, span) as i128) as i64)
            }
            Self::Uniform(low, high) => {
                Value::Float(short(low + share * (high - low), *low, *high))
            }
            Self::LogUniform(low, high) => {
                let log = low.ln() + share * (high.ln() - low.ln());
                Value::Float(short(log.exp(), *low, *high))
            }
        }
    }
}

/// A whole number from 0, below `count`.
fn below(word: u64, count: u128) -> u128 {
    // The high half of the product: no remainder, and a bias below 2^-64 of the count.
    (u128::from(word) * count) >> 64
}

/// Four significant digits, so that names stay short and another machine's logarithm gives the same value; never outside the ends.
fn short(value: f64, low: f64, high: f64) -> f64 {
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    rounded.clamp(low, high)
}

fn number(value: &Value) -> Option<f64> {
    let whole = value.as_integer().map(|number| number as f64);
    value
        .as_float()
        .or(whole)
        .filter(|number| number.is_finite())
}
