//! From an experiment file to its cells: every arm × data set × fold × seed with a complete specification.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use toml::Table;

use super::arms::{arms, faults_of_file, top_fault};
use super::locate::{line_of_arm_key, line_of_key};
use super::merge::{expand_dotted, merge};
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

/// An experiment resolved: its file parsed and its cells in order of arm, data set, fold, seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The file as parsed.
    pub file: ExperimentFile,
    /// Every cell.
    pub cells: Vec<Cell>,
    /// Arms that a rule of the experiment leaves out.
    pub dropped: Vec<Dropped>,
}

/// An arm that is not run, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// The arm's name.
    pub arm: String,
    /// The rule's reason.
    pub reason: String,
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
    let mut faults = faults_of_file(bundle, &file);
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
                for dataset in file.datasets_of(arm) {
                    match context.spec(&file.base, arm, dataset) {
                        Ok(spec) => cells.extend(cells_of(&file, arm, &spec)),
                        Err(found) => faults.extend(found),
                    }
                }
            }
        }
    }
    // Arms share the base: a fault there is one fault, not one an arm.
    let mut seen = BTreeSet::new();
    faults.retain(|fault| seen.insert(fault.to_string()));
    if faults.is_empty() {
        Ok(Resolved {
            file,
            cells,
            dropped: Vec::new(),
        })
    } else {
        Err(faults)
    }
}

fn cells_of(file: &ExperimentFile, arm: &ArmFile, spec: &RunSpec) -> Vec<Cell> {
    let folds: Vec<_> = if file.folds.is_empty() {
        vec![None]
    } else {
        file.folds.iter().copied().map(Some).collect()
    };
    let cells = folds.into_iter().flat_map(|fold| {
        file.seeds_of(arm).iter().map(move |seed| Cell {
            arm: arm.name.clone(),
            seed: *seed,
            fold,
            spec: spec.clone(),
        })
    });
    cells.collect()
}

struct ArmContext<'a> {
    bundle: &'a Bundle,
    arm: Option<usize>,
    methods: &'a [MethodFile],
    datasets: &'a [DatasetCard],
}

impl ArmContext<'_> {
    /// The specification of an arm, on `dataset` where data sets are listed.
    fn spec(
        &self,
        base: &Table,
        arm: &ArmFile,
        dataset: Option<&str>,
    ) -> Result<RunSpec, Vec<SpecError>> {
        let mut own = base.clone();
        merge(&mut own, &expand_dotted(&arm.set));
        if let Some(dataset) = dataset {
            if own.contains_key("dataset") {
                return Err(vec![self.fault(
                    "datasets",
                    "lists the data sets of an arm, which then has no `dataset` of its own: leave that out of [base], `set` and [sweep]",
                )]);
            }
            own.insert("dataset".to_owned(), dataset.into());
        }
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
            line: line_of_key(&source.text, self.arm, key)
                .or_else(|| line_of_listed(&source.text, self.arm, key)),
            key: key.to_owned(),
            message: message.into(),
        }
    }
}

/// Where a data set is named that stands in a list.
fn line_of_listed(text: &str, arm: Option<usize>, key: &str) -> Option<usize> {
    let listed = matches!(key, "dataset" | "datasets");
    listed
        .then(|| line_of_arm_key(text, arm, "datasets"))
        .flatten()
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
