//! From an experiment file to its cells: every arm × seed × fold with a complete specification.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use toml::Table;

use super::locate::{line_of_key, line_of_top_key};
use super::merge::{expand_dotted, merge};
use super::sweep::point_name;
use super::{
    ArmFile, Bundle, DatasetCard, DatasetRef, EvaluationSpec, ExperimentFile, MethodFile,
    MethodSpec, RunSpec, Seed, SpecError, TrainingSpec, parse_toml, validate,
};

/// One cell of an experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The arm's name.
    pub arm: String,
    /// The replicate.
    pub seed: Seed,
    /// The fold, where the experiment names folds.
    pub fold: Option<u32>,
    /// What the run is.
    pub spec: RunSpec,
}

/// An experiment resolved: its file parsed and its cells in order of arm, fold, seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The file as parsed.
    pub file: ExperimentFile,
    /// Every cell.
    pub cells: Vec<Cell>,
}

/// A run's tables as written, before a method's own tables are read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRun {
    #[serde(rename = "dataset")]
    _dataset: String,
    #[serde(rename = "method")]
    _method: String,
    size: u32,
    network: Table,
    loss: Table,
    train: TrainingSpec,
    evaluation: EvaluationSpec,
}

/// Resolves a bundle against the data sets that are registered.
///
/// # Errors
/// Every fault found, each with file, line where it can be told, key and what is allowed.
pub fn resolve(bundle: &Bundle, datasets: &[DatasetCard]) -> Result<Resolved, Vec<SpecError>> {
    let source = &bundle.experiment;
    let file: ExperimentFile =
        parse_toml(&source.file, &source.text).map_err(|error| vec![error])?;
    let methods = bundle
        .methods
        .iter()
        .map(|method| parse_toml::<MethodFile>(&method.file, &method.text))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| vec![error])?;
    let mut faults = file_faults(bundle, &file);
    let mut cells = Vec::new();
    match arms(&file) {
        Err(message) => faults.push(top_fault(bundle, "sweep", message)),
        Ok(arms) => {
            for (position, arm) in &arms {
                let context = ArmContext {
                    bundle,
                    arm: *position,
                    methods: &methods,
                    datasets,
                };
                match context.spec(&file.base, &arm.set) {
                    Ok(spec) => push_cells(&mut cells, &file, &arm.name, &spec),
                    Err(found) => faults.extend(found),
                }
            }
        }
    }
    // Arms share the base: a fault there is one fault, not one an arm.
    let mut seen = BTreeSet::new();
    faults.retain(|fault| seen.insert(fault.to_string()));
    if faults.is_empty() {
        Ok(Resolved { file, cells })
    } else {
        Err(faults)
    }
}

fn push_cells(cells: &mut Vec<Cell>, file: &ExperimentFile, arm: &str, spec: &RunSpec) {
    let folds: Vec<_> = if file.folds.is_empty() {
        vec![None]
    } else {
        file.folds.iter().copied().map(Some).collect()
    };
    for fold in folds {
        for seed in &file.seeds {
            cells.push(Cell {
                arm: arm.to_owned(),
                seed: *seed,
                fold,
                spec: spec.clone(),
            });
        }
    }
}

/// Arms with their position among `[[arm]]` (for the line of a fault).
fn arms(file: &ExperimentFile) -> Result<Vec<(Option<usize>, ArmFile)>, String> {
    let written: Vec<(Option<usize>, ArmFile)> = file
        .arms
        .iter()
        .cloned()
        .enumerate()
        .map(|(position, arm)| (Some(position), arm))
        .collect();
    let Some(sweep) = &file.sweep else {
        let base = ArmFile {
            name: file.name.clone(),
            set: Table::new(),
        };
        return Ok(if written.is_empty() {
            vec![(None, base)]
        } else {
            written
        });
    };
    let points = sweep.points()?;
    let starts = if written.is_empty() {
        vec![(
            None,
            ArmFile {
                name: String::new(),
                set: Table::new(),
            },
        )]
    } else {
        written
    };
    Ok(starts
        .iter()
        .flat_map(|(position, arm)| {
            points.iter().map(move |point| {
                let mut set = arm.set.clone();
                set.extend(point.clone());
                (
                    *position,
                    ArmFile {
                        name: format!("{} {}", arm.name, point_name(point))
                            .trim()
                            .to_owned(),
                        set,
                    },
                )
            })
        })
        .collect())
}

fn top_fault(bundle: &Bundle, key: &str, message: impl Into<String>) -> SpecError {
    let source = &bundle.experiment;
    SpecError {
        file: source.file.clone(),
        line: line_of_top_key(&source.text, key),
        key: key.to_owned(),
        message: message.into(),
    }
}

fn file_faults(bundle: &Bundle, file: &ExperimentFile) -> Vec<SpecError> {
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
    if file.seeds.iter().collect::<BTreeSet<_>>().len() < file.seeds.len() {
        faults.push(top_fault(
            bundle,
            "seeds",
            "a seed stands twice: replicates must differ",
        ));
    }
    if file.folds.iter().collect::<BTreeSet<_>>().len() < file.folds.len() {
        faults.push(top_fault(bundle, "folds", "a fold stands twice"));
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

struct ArmContext<'a> {
    bundle: &'a Bundle,
    arm: Option<usize>,
    methods: &'a [MethodFile],
    datasets: &'a [DatasetCard],
}

impl ArmContext<'_> {
    fn spec(&self, base: &Table, set: &Table) -> Result<RunSpec, Vec<SpecError>> {
        let mut own = base.clone();
        merge(&mut own, &expand_dotted(set));
        let card = self.dataset(&own).map_err(|fault| vec![fault])?;
        let method = self.method(&own).map_err(|fault| vec![fault])?;
        let mut merged = method.defaults.clone();
        merge(&mut merged, &own);
        let raw: RawRun = self.read("", merged).map_err(|fault| vec![fault])?;
        let spec = RunSpec {
            dataset: DatasetRef {
                name: card.name.clone(),
                manifest: card.manifest.clone(),
                raters: card.raters,
                rater_identity: card.rater_identity,
                structures: card.structures.clone(),
                channels: card.channels,
                crop: card.crop,
            },
            size: raw.size,
            method: self
                .method_spec(method, raw.network, raw.loss)
                .map_err(|fault| vec![fault])?,
            train: raw.train,
            evaluation: raw.evaluation,
        };
        let faults: Vec<_> = validate::faults(&spec)
            .into_iter()
            .chain(without_diagnoses(&spec, card))
            .map(|(key, message)| self.fault(key, message))
            .collect();
        if faults.is_empty() {
            Ok(spec)
        } else {
            Err(faults)
        }
    }

    fn dataset(&self, run: &Table) -> Result<&DatasetCard, SpecError> {
        let name = self.word(run, "dataset")?;
        self.datasets.iter().find(|card| card.name == name).ok_or_else(|| {
            let known = self.datasets.iter().map(|card| card.name.as_str()).collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() { "none is registered".to_owned() } else { format!("registered are {known}") };
            self.fault(
                "dataset",
                format!("no worker holds a data set '{name}': {known}; `mrprism data register DIR` adds one"),
            )
        })
    }

    fn method(&self, run: &Table) -> Result<&MethodFile, SpecError> {
        let name = self.word(run, "method")?;
        self.methods
            .iter()
            .find(|method| method.name == name)
            .ok_or_else(|| {
                let known = self
                    .methods
                    .iter()
                    .map(|method| method.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ");
                self.fault("method", format!("no method '{name}': known are {known}"))
            })
    }

    fn method_spec(
        &self,
        method: &MethodFile,
        network: Table,
        loss: Table,
    ) -> Result<MethodSpec, SpecError> {
        let kind = method.kind();
        if !MethodSpec::KINDS.contains(&kind) {
            return Err(self.fault(
                "method",
                format!(
                    "'{}' has a definition but no implementation: built are {}",
                    method.name,
                    MethodSpec::KINDS.join(", ")
                ),
            ));
        }
        let parts = [("network", network), ("loss", loss)];
        let parts: Table = parts
            .into_iter()
            .map(|(name, table)| (name.to_owned(), toml::Value::Table(table)))
            .collect();
        let tagged = Table::from_iter([(kind.to_owned(), toml::Value::Table(parts))]);
        self.read(kind, tagged)
    }

    fn word(&self, run: &Table, key: &str) -> Result<String, SpecError> {
        match run.get(key) {
            Some(toml::Value::String(word)) => Ok(word.clone()),
            Some(_) => Err(self.fault(key, "must be a name in quotes")),
            None => Err(self.fault(
                key,
                format!("is missing from [base]: give {key} = \"name\""),
            )),
        }
    }

    /// Reads a table; `tag` is what its keys begin with and its author did not write.
    fn read<T: serde::de::DeserializeOwned>(
        &self,
        tag: &str,
        table: Table,
    ) -> Result<T, SpecError> {
        serde_path_to_error::deserialize(toml::Value::Table(table)).map_err(|error| {
            let path = error.path().to_string();
            let key = path.strip_prefix(tag).unwrap_or(&path);
            let key = key.trim_start_matches('.');
            self.fault(key, error.into_inner().message().to_owned())
        })
    }

    fn fault(&self, key: &str, message: impl Into<String>) -> SpecError {
        let source = &self.bundle.experiment;
        SpecError {
            file: source.file.clone(),
            line: line_of_key(&source.text, self.arm, key),
            key: key.to_owned(),
            message: message.into(),
        }
    }
}

/// A method that learns from diagnoses is of no use where there is none.
fn without_diagnoses(spec: &RunSpec, card: &DatasetCard) -> Option<validate::Fault> {
    let lacks = spec.method.needs_diagnoses() && !card.diagnoses;
    lacks.then(|| {
        let message = format!(
            "'{}' learns from diagnoses, and '{}' has none: choose another method, or a data set with diagnoses (forms refuge, \
             refuge-cropped, riga; a phantom of disc and cup)",
            spec.method.kind(),
            card.name
        );
        ("method", message)
    })
}
