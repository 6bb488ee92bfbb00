//! Arms by rule.

use serde::{Deserialize, Serialize};

/// The `[sweep]` table: exactly one rule. Each point is applied on top of each `[[arm]]` (or of the base alone).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SweepFile {
    /// Every combination: dotted key → list of values.
    Grid(toml::Table),
    /// These points: each a table of dotted keys.
    List(Vec<toml::Table>),
}

impl SweepFile {
    /// The points in order (the last key varies fastest), each a table of dotted keys; or why the rule makes none.
    pub fn points(&self) -> Result<Vec<toml::Table>, String> {
        let points = match self {
            Self::List(points) => points.clone(),
            Self::Grid(axes) => {
                let mut points = vec![toml::Table::new()];
                for (key, values) in axes {
                    let values = values
                        .as_array()
                        .ok_or_else(|| format!("`{key}` must be a list of values, e.g. [1, 3]"))?;
                    points = points
                        .iter()
                        .flat_map(|point| {
                            values.iter().map(|value| {
                                let mut point = point.clone();
                                point.insert(key.clone(), value.clone());
                                point
                            })
                        })
                        .collect();
                }
                points
            }
        };
        if points.is_empty() || points.iter().any(toml::Table::is_empty) {
            return Err("the sweep has no points: give at least one key with one value".to_owned());
        }
        Ok(points)
    }
}

/// A point's name in tables, e.g. `recurrences=1 shuffle=0.3`.
pub(super) fn point_name(point: &toml::Table) -> String {
    point
        .iter()
        .map(|(key, value)| {
            let last = key.rsplit('.').next().unwrap_or(key);
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            format!("{last}={value}")
        })
        .collect::<Vec<_>>()
        .join(" ")
}
