//! One cell of an experiment, as a person names it.

use std::collections::BTreeSet;

use super::{Cell, Resolved, Seed};

impl Resolved {
    /// The cell of an arm, with any seed: one that the experiment does not list is a further replicate of the same arm.
    /// `dataset` and `fold` are needed where the arm has several data sets or the experiment names folds.
    ///
    /// # Errors
    /// A sentence that says what there is, where nothing or more than one thing is named.
    pub fn cell(
        &self,
        arm: &str,
        dataset: Option<&str>,
        seed: Seed,
        fold: Option<u32>,
    ) -> Result<Cell, String> {
        let of_arm: Vec<_> = self.cells.iter().filter(|cell| cell.arm == arm).collect();
        if let Some(dropped) = self.dropped.iter().find(|left| left.is(arm, dataset)) {
            return Err(format!("arm '{arm}' is left out: {}", dropped.reason));
        }
        if of_arm.is_empty() {
            let arms = listed(self.cells.iter().map(|cell| cell.arm.as_str()));
            return Err(format!("no arm '{arm}': the experiment has {arms}"));
        }
        let datasets: BTreeSet<_> = of_arm.iter().map(|cell| &cell.spec.dataset.name).collect();
        let wanted = match (dataset, datasets.first()) {
            (Some(dataset), _) => dataset,
            (None, Some(only)) if datasets.len() == 1 => only.as_str(),
            (None, _) => {
                let datasets = listed(datasets.iter().map(|name| name.as_str()));
                return Err(format!(
                    "arm '{arm}' runs on {datasets}: give --dataset, one of them"
                ));
            }
        };
        let on_it: Vec<_> = of_arm
            .iter()
            .filter(|cell| cell.spec.dataset.name == wanted)
            .collect();
        if on_it.is_empty() {
            let datasets = listed(datasets.iter().map(|name| name.as_str()));
            return Err(format!(
                "arm '{arm}' has no data set '{wanted}': it has {datasets}"
            ));
        }
        let found = on_it.iter().find(|cell| cell.fold == fold).ok_or_else(|| {
            let folds: BTreeSet<_> = on_it.iter().filter_map(|cell| cell.fold).collect();
            match fold {
                None => format!("the experiment names folds: give --fold, one of {folds:?}"),
                Some(fold) => format!("no fold {fold}: the experiment names {folds:?}"),
            }
        })?;
        Ok(Cell {
            seed,
            ..(**found).clone()
        })
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: BTreeSet<_> = names.collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}
