//! Which cases a sheet shows.

use super::super::{Dataset, SplitName};
use crate::DataError;
use crate::draw::Draws;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// So many cases, drawn.
    Count(usize),
    /// These.
    Named(Vec<String>),
}

/// Positions, in order of name, of the chosen cases. Drawn cases come from `split` (every split where none is given) by
/// `seed`: the same seed draws the same cases, and more of them keeps those before.
///
/// # Errors
/// A name that no case has.
pub fn choose(
    dataset: &Dataset,
    chosen: &Chosen,
    split: Option<SplitName>,
    seed: u64,
) -> Result<Vec<usize>, DataError> {
    let mut positions = match chosen {
        Chosen::Count(count) => {
            let mut all: Vec<usize> = match split {
                Some(split) => dataset.members.positions(split).to_vec(),
                None => (0..dataset.cases.len()).collect(),
            };
            let luck = Draws::new(seed, &[]);
            all.sort_by_key(|position| luck.word(*position as u64));
            all.truncate(*count);
            all
        }
        Chosen::Named(names) => {
            let position = |name: &String| {
                let found = dataset.cases.binary_search_by(|(case, _)| case.cmp(name));
                found.map_err(|_| {
                    let (first, last) = (dataset.cases.first(), dataset.cases.last());
                    let name_of = |case: Option<&(String, String)>| {
                        case.map(|(name, _)| name.clone()).unwrap_or_default()
                    };
                    DataError::case(
                        name,
                        format!(
                            "no case has this name; there are '{}' to '{}'",
                            name_of(first),
                            name_of(last)
                        ),
                    )
                })
            };
            names.iter().map(position).collect::<Result<_, _>>()?
        }
    };
    positions.sort_unstable();
    positions.dedup();
    Ok(positions)
}
