//! An experiment's arms: those written, those a sweep makes, and what is wrong with them before any is resolved.

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

use super::locate::{line_of_arm_key, line_of_path, line_of_top_key};
use super::sweep::{MOST_ARMS, Point, SweepFault, component_faults};
use super::{ArmFile, Bundle, ExperimentFile, SpecError, SweepFile};

/// An arm on its way to specifications.
#[derive(Debug, Clone)]
pub(super) struct Arm {
    /// Its position among `[[arm]]`, for the line of a fault.
    pub(super) position: Option<usize>,
    /// Its name and what it sets.
    pub(super) file: ArmFile,
    /// Which of the components that the sweep switches are on.
    pub(super) components: BTreeMap<String, bool>,
}

/// Every arm in order, or why the sweep makes none.
pub(super) fn arms(file: &ExperimentFile) -> Result<Vec<Arm>, SweepFault> {
    let written = file.arms.iter().cloned().enumerate();
    let mut starts: Vec<Arm> = written.map(|(at, arm)| plain(Some(at), arm)).collect();
    let Some(sweep) = &file.sweep else {
        if starts.is_empty() {
            starts.push(plain(None, unchanged(&file.name)));
        }
        return Ok(starts);
    };
    let points = sweep.points(&file.components)?;
    if starts.is_empty() {
        starts.push(plain(None, unchanged("")));
    }
    let count = starts.len().saturating_mul(points.len());
    if count > MOST_ARMS {
        return Err(SweepFault {
            path: vec!["sweep".to_owned()],
            message: format!("makes {count} arms: at most {MOST_ARMS} are allowed"),
        });
    }
    let swept = starts
        .iter()
        .flat_map(|start| points.iter().map(|point| start.at(point)));
    Ok(swept.collect())
}

impl Arm {
    /// The arm at a point of the sweep.
    fn at(&self, point: &Point) -> Self {
        let mut set = self.file.set.clone();
        set.extend(point.set.clone());
        let name = format!("{} {}", self.file.name, point.name);
        Self {
            position: self.position,
            file: ArmFile {
                name: name.trim().to_owned(),
                set,
                ..self.file.clone()
            },
            components: point.components.clone(),
        }
    }
}

fn plain(position: Option<usize>, file: ArmFile) -> Arm {
    Arm {
        position,
        file,
        components: BTreeMap::new(),
    }
}

/// What is wrong with the arms as a whole: names that stand twice, a baseline that is none of them.
pub(super) fn faults_of_arms(
    bundle: &Bundle,
    file: &ExperimentFile,
    arms: &[Arm],
) -> Vec<SpecError> {
    let mut faults = Vec::new();
    let mut names = BTreeSet::new();
    let repeated = arms
        .iter()
        .find(|arm| !names.insert(arm.file.name.as_str()));
    if let Some(arm) = repeated {
        let name = &arm.file.name;
        let random = matches!(file.sweep, Some(SweepFile::Random(_)));
        faults.push(if file.sweep.is_none() {
            top_fault(bundle, "arm", "two arms have the same name")
        } else if random {
            top_fault(bundle, "sweep", format!("two points are drawn alike, '{name}': give fewer points, wider axes or another seed"))
        } else {
            top_fault(bundle, "sweep", format!("two arms come out with the same name, '{name}'"))
        });
    }
    if let Some(baseline) = &file.table.baseline
        && !names.contains(baseline.as_str())
    {
        let mut known: Vec<_> = arms
            .iter()
            .map(|arm| arm.file.name.as_str())
            .take(20)
            .collect();
        if known.len() < arms.len() {
            known.push("…");
        }
        let known = known.join(", ");
        let message = format!("baseline '{baseline}' is no arm of this experiment: it has {known}");
        faults.push(top_fault(bundle, "table", message));
    }
    faults
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

/// A fault of a sweep or a component.
pub(super) fn sweep_fault(bundle: &Bundle, found: &SweepFault) -> SpecError {
    let line = line_of_path(&bundle.experiment.text, &found.path);
    fault(bundle, line, &found.path.join("."), found.message.clone())
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
    faults.extend(
        component_faults(&file.components)
            .iter()
            .map(|found| sweep_fault(bundle, found)),
    );
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
