//! `grid`: every combination of the values of its keys; the last key varies fastest.

use toml::Table;

use super::{MOST_ARMS, SweepFault};

pub(super) fn points(axes: &Table) -> Result<Vec<Table>, SweepFault> {
    let mut points = vec![Table::new()];
    for (key, values) in axes {
        let values = values.as_array().ok_or_else(|| {
            SweepFault::new(
                ["sweep", "grid", key],
                format!("`{key}` must be a list of values, e.g. [1, 3]"),
            )
        })?;
        let product = points.len().saturating_mul(values.len());
        if product > MOST_ARMS {
            return Err(SweepFault::new(
                ["sweep", "grid", key],
                format!("makes {product} points: at most {MOST_ARMS} are allowed"),
            ));
        }
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
    Ok(points)
}
