//! Whether the numbers of a column may stand beside each other: what a cell's runs differ in from those it is compared with.
//!
//! A column's measure is the baseline, or its first arm where there is none. Weights of encoders are `encoders`' to flag.

use std::collections::{BTreeMap, BTreeSet};

use mrprism_protocol::spec::{CropOrigin, Output, Reference, RunSpec, TrainingSpec};
use mrprism_protocol::wire::TableCell;

use super::heap::{Heap, Heaps};

/// Flags every cell with what sets it apart.
pub(super) fn flag(cells: &mut [TableCell], heaps: &Heaps<'_>, baseline: Option<&str>) {
    let metrics = versions(heaps);
    for cell in &mut *cells {
        let Some(own) = heaps.at.get(&(cell.row, cell.column)) else {
            continue;
        };
        if own.runs.iter().any(|run| is_oracle(&run.spec)) {
            cell.flags.push("crop: oracle".to_owned());
        }
        let metric = &heaps.columns[cell.column].metric;
        if metrics.contains(metric.as_str()) {
            cell.flags
                .push(format!("metric: {metric} beside another version"));
        }
        let Some((arm, other)) = measure(heaps, cell, baseline) else {
            continue;
        };
        if heaps.rows[cell.row].arm != arm {
            cell.flags.extend(differences(own, other, arm));
        }
    }
    flag_partial_references(cells, heaps);
}

/// Metrics that stand in the table in more than one version.
fn versions<'a>(heaps: &'a Heaps<'_>) -> BTreeSet<&'a str> {
    fn name(metric: &str) -> &str {
        metric.split('@').next().unwrap_or(metric)
    }
    let all: BTreeSet<&str> = heaps
        .columns
        .iter()
        .map(|column| column.metric.as_str())
        .collect();
    let is_doubled = |metric: &&str| {
        let of_name = all.iter().filter(|other| name(other) == name(metric));
        of_name.count() > 1
    };
    all.iter().copied().filter(is_doubled).collect()
}

fn is_oracle(spec: &RunSpec) -> bool {
    spec.dataset.crop == Some(CropOrigin::Oracle)
}

/// The arm and the heap that a cell is measured by.
fn measure<'h, 'a>(
    heaps: &'h Heaps<'a>,
    cell: &TableCell,
    baseline: Option<&str>,
) -> Option<(&'h str, &'h Heap<'a>)> {
    let of_output = |(row, _): &(usize, _)| heaps.rows[*row].output == heaps.rows[cell.row].output;
    let mut column = heaps.column(cell.column).filter(of_output);
    let first = column.next()?;
    let is_baseline = |row: usize| baseline == Some(heaps.rows[row].arm.as_str());
    let (row, heap) = if is_baseline(first.0) {
        first
    } else {
        column.find(|(row, _)| is_baseline(*row)).unwrap_or(first)
    };
    Some((&heaps.rows[row].arm, heap))
}

/// What `own` differs in from `other`, which is `arm`'s. Runs of an arm share a specification, so the first one tells.
fn differences(own: &Heap<'_>, other: &Heap<'_>, arm: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (cases, theirs) = (own.cases(), other.cases());
    let foreign = cases.difference(&theirs).count();
    let lacking = theirs.difference(&cases).count();
    if foreign + lacking > 0 {
        found.push(format!(
            "split: {foreign} test cases that {arm} has not, {lacking} of {arm}'s are lacking"
        ));
    }
    let (Some(run), Some(their)) = (own.runs.first(), other.runs.first()) else {
        return found;
    };
    let (spec, theirs) = (&run.spec, &their.spec);
    let (data, their_data) = (&spec.dataset, &theirs.dataset);
    if (data.raters, data.rater_identity) != (their_data.raters, their_data.rater_identity) {
        found.push(format!(
            "rater set: {} {} raters, {arm} {} {}",
            data.raters, data.rater_identity, their_data.raters, their_data.rater_identity
        ));
    }
    if data.manifest != their_data.manifest {
        found.push(format!("data: other files or definition than {arm}'s"));
    }
    if spec.size != theirs.size {
        found.push(format!(
            "preprocessing: {0}×{0} pixels, {arm} {1}×{1}",
            spec.size, theirs.size
        ));
    }
    if data.crop != their_data.crop {
        found.push(format!("crop: another than {arm}'s"));
    }
    let (own, other) = (length(&spec.train), length(&theirs.train));
    if own != other {
        found.push(format!("steps: {own}, {arm} {other}"));
    }
    if run.science_version != their.science_version {
        found.push(format!("code: another science version than {arm}'s"));
    }
    found
}

fn length(train: &TrainingSpec) -> String {
    match (train.steps, train.epochs) {
        (Some(steps), _) => format!("{steps} steps"),
        (None, epochs) => format!("{} epochs", epochs.unwrap_or(0)),
    }
}

/// Flags columns whose reference some arms were never scored against: after scoring again in part, say.
fn flag_partial_references(cells: &mut [TableCell], heaps: &Heaps<'_>) {
    // Data set and structure → reference (none: any) → arms.
    let mut arms: BTreeMap<(&str, &str, Option<Reference>), BTreeSet<&str>> = BTreeMap::new();
    for (row, column) in heaps.at.keys() {
        let (row, column) = (&heaps.rows[*row], &heaps.columns[*column]);
        if row.output != Output::Prediction || column.reference == Reference::Alone {
            continue;
        }
        for reference in [None, Some(column.reference)] {
            let key = (
                column.dataset.as_str(),
                column.structure.as_str(),
                reference,
            );
            arms.entry(key).or_default().insert(&row.arm);
        }
    }
    let count = |dataset: &str, structure: &str, reference| {
        arms.get(&(dataset, structure, reference))
            .map_or(0, BTreeSet::len)
    };
    for cell in cells {
        let column = &heaps.columns[cell.column];
        if heaps.rows[cell.row].output != Output::Prediction {
            continue;
        }
        let (dataset, structure) = (column.dataset.as_str(), column.structure.as_str());
        let here = count(dataset, structure, Some(column.reference));
        let all = count(dataset, structure, None);
        if here > 0 && here < all {
            cell.flags.push(format!(
                "reference: {here} of {all} arms are scored against it"
            ));
        }
    }
}
