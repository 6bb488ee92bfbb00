//! In which order an experiment file names its arms and data sets: what was added later does not stand last because of that.

use super::arms::{Arm, arms};
use super::{ExperimentFile, Seed};

/// Where cells stand in the file that names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileOrder {
    arms: Vec<NamedArm>,
    folds: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NamedArm {
    name: String,
    datasets: Vec<String>,
    seeds: Vec<Seed>,
}

impl FileOrder {
    /// The order of a file's cells. A file whose arms cannot be told has none, and leaves everything as it is.
    pub fn of(file: &ExperimentFile) -> Self {
        let arms = arms(file).unwrap_or_default();
        let named = arms.iter().map(|Arm { file: arm, .. }| NamedArm {
            name: arm.name.clone(),
            datasets: file
                .datasets_of(arm)
                .into_iter()
                .flatten()
                .map(str::to_owned)
                .collect(),
            seeds: file.seeds_of(arm).to_vec(),
        });
        Self {
            arms: named.collect(),
            folds: file.folds.clone(),
        }
    }

    /// Where a cell stands: what sorts lower comes first. Cells that the file does not name stand last of their like.
    pub fn place(&self, arm: &str, dataset: &str, fold: Option<u32>, seed: Seed) -> CellPlace {
        let found = self.arms.iter().position(|named| named.name == arm);
        let named = found.map(|position| &self.arms[position]);
        CellPlace {
            arm: found.unwrap_or(self.arms.len()),
            dataset: named.map_or(0, |named| place(&named.datasets, |name| name == dataset)),
            fold: fold.map_or(0, |fold| place(&self.folds, |known| *known == fold)),
            seed: named.map_or(0, |named| place(&named.seeds, |known| *known == seed)),
        }
    }
}

/// Where a cell stands: by arm, data set, fold and seed, as `resolve` lists cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellPlace {
    arm: usize,
    dataset: usize,
    fold: usize,
    seed: usize,
}

fn place<T>(known: &[T], is: impl Fn(&T) -> bool) -> usize {
    known.iter().position(is).unwrap_or(known.len())
}
