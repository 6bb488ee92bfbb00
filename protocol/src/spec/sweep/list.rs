//! `list`: the points as they are written.

use toml::Table;

use super::{MOST_ARMS, SweepFault};

pub(super) fn points(written: &[Table]) -> Result<Vec<Table>, SweepFault> {
    if written.len() > MOST_ARMS {
        return Err(SweepFault::new(
            ["sweep", "list"],
            format!(
                "has {} points: at most {MOST_ARMS} are allowed",
                written.len()
            ),
        ));
    }
    Ok(written.to_vec())
}
