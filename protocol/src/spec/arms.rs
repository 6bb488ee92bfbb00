//! An experiment's arms: those written, those a sweep makes, and what is wrong with them before any is resolved.

use std::collections::BTreeSet;

use toml::Table;

use super::locate::{line_of_arm_key, line_of_top_key};
use super::sweep::point_name;
use super::{ArmFile, Bundle, ExperimentFile, SpecError};

/// Arms with their position among `[[arm]]` (for the line of a fault).
pub(super) fn arms(file: &ExperimentFile) -> Result<Vec<(Option<usize>, ArmFile)>, String> {
    let written: Vec<(Option<usize>, ArmFile)> = file
        .arms
        .iter()
        .cloned()
        .enumerate()
        .map(|(position, arm)| (Some(position), arm))
        .collect();
    let Some(sweep) = &file.sweep else {
        return Ok(if written.is_empty() {
            vec![(None, unchanged(&file.name))]
        } else {
            written
        });
    };
    let points = sweep.points()?;
    let starts = if written.is_empty() {
        vec![(None, unchanged(""))]
    } else {
        written
    };
    let swept = starts.iter().flat_map(|(position, arm)| {
        points.iter().map(move |point| {
            let mut set = arm.set.clone();
            set.extend(point.clone());
            let name = format!("{} {}", arm.name, point_name(point));
            let arm = ArmFile {
                name: name.trim().to_owned(),
                set,
                ..arm.clone()
            };
            (*position, arm)
        })
    });
    Ok(swept.collect())
}

/// An arm that changes nothing of the base.
fn unchanged(name: &str) -> ArmFile {
    ArmFile {
        name: name.to_owned(),
        set: Table::new(),
        seeds: Vec::new(),
        datasets: Vec::new(),
    }
}

/// A fault of a key at the top of the file.
pub(super) fn top_fault(bundle: &Bundle, key: &str, message: impl Into<String>) -> SpecError {
    let line = line_of_top_key(&bundle.experiment.text, key);
    fault(bundle, line, key, message)
}

/// What is wrong with the file whatever its arms are.
pub(super) fn faults_of_file(bundle: &Bundle, file: &ExperimentFile) -> Vec<SpecError> {
    let mut faults = Vec::new();
    let named = !file.name.is_empty()
        && file.name.len() <= 100
        && file
            .name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !named {
        faults.push(top_fault(
            bundle,
            "name",
            "give 1 to 100 letters, digits, '-', '_' or '.'",
        ));
    }
    if file.seeds.is_empty() {
        faults.push(top_fault(
            bundle,
            "seeds",
            "give at least one seed, e.g. [0, 1, 2]",
        ));
    }
    if has_twice(&file.folds) {
        faults.push(top_fault(bundle, "folds", "a fold stands twice"));
    }
    faults.extend(file.queue.faults().into_iter().map(|(key, message)| {
        let line = line_of_top_key(&bundle.experiment.text, "queue");
        fault(bundle, line, &format!("queue.{key}"), message)
    }));
    faults.extend(twice(bundle, None, &file.seeds, &file.datasets));
    for (position, arm) in file.arms.iter().enumerate() {
        faults.extend(twice(bundle, Some(position), &arm.seeds, &arm.datasets));
    }
    let names: BTreeSet<_> = file.arms.iter().map(|arm| &arm.name).collect();
    if names.len() < file.arms.len() {
        faults.push(top_fault(bundle, "arm", "two arms have the same name"));
    }
    if let Some(baseline) = file
        .table
        .baseline
        .as_ref()
        .filter(|baseline| !names.contains(baseline))
    {
        faults.push(top_fault(
            bundle,
            "table",
            format!("baseline '{baseline}' is no arm of this experiment"),
        ));
    }
    faults
}

/// Replicates and data sets that are listed twice, of the file or of one of its arms.
fn twice(
    bundle: &Bundle,
    arm: Option<usize>,
    seeds: &[super::Seed],
    datasets: &[String],
) -> Vec<SpecError> {
    let lists = [
        (
            "seeds",
            has_twice(seeds),
            "a seed stands twice: replicates must differ",
        ),
        ("datasets", has_twice(datasets), "a data set stands twice"),
    ];
    let found = lists.into_iter().filter(|(_, twice, _)| *twice);
    let found = found.map(|(key, _, message)| {
        let line = line_of_arm_key(&bundle.experiment.text, arm, key);
        fault(bundle, line, key, message)
    });
    found.collect()
}

fn has_twice<T: Ord>(listed: &[T]) -> bool {
    listed.iter().collect::<BTreeSet<_>>().len() < listed.len()
}

fn fault(bundle: &Bundle, line: Option<usize>, key: &str, message: impl Into<String>) -> SpecError {
    SpecError {
        file: bundle.experiment.file.clone(),
        line,
        key: key.to_owned(),
        message: message.into(),
    }
}
