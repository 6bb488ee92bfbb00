//! From an arm to a run's tables, and from those to its specification.

use serde::Deserialize;
use toml::Table;

use super::derive::{Derivations, shown};
use crate::spec::arms::Arm;
use crate::spec::locate::{line_of_arm_key, line_of_key, line_of_set_key};
use crate::spec::merge::{expand_dotted, leaves, merge, too_deep};
use crate::spec::{
    Bundle, DatasetCard, DatasetRef, EvaluationSpec, MethodFile, MethodSpec, RunSpec, SpecError,
    TrainingSpec, validate,
};

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

/// What an arm's runs are made of.
pub(super) struct ArmContext<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) arm: &'a Arm,
    pub(super) methods: &'a [MethodFile],
    pub(super) datasets: &'a [DatasetCard],
    pub(super) derivations: &'a Derivations,
}

impl ArmContext<'_> {
    /// The tables of a run of the arm, on `dataset` where data sets are listed: the method's defaults, the base, what the
    /// arm sets, and what follows from those.
    pub(super) fn tables(&self, base: &Table, dataset: Option<&str>) -> Result<Table, SpecError> {
        let set = &self.arm.file.set;
        if let Some(key) = too_deep(set) {
            return Err(self.fault(&shown(key), "has more parts than any key of a run"));
        }
        let mut own = base.clone();
        merge(&mut own, &expand_dotted(set));
        if let Some(dataset) = dataset {
            if own.contains_key("dataset") {
                return Err(self.fault(
                    "datasets",
                    "lists the data sets of an arm, which then has no `dataset` of its own: leave that out of [base], `set` and [sweep]",
                ));
            }
            own.insert("dataset".to_owned(), dataset.into());
        }
        self.one_source(&own)?;
        let method = self.method(&own)?;
        let mut run = method.defaults.clone();
        merge(&mut run, &own);
        self.word(&run, "dataset")?;
        let derived = self.derivations.apply(&mut run);
        derived.map_err(|(key, message)| SpecError {
            key: format!("derive.{key}"),
            ..self.fault(&key, message)
        })?;
        Ok(run)
    }

    /// Refuses a derived key that is also set: two sources for one value.
    fn one_source(&self, own: &Table) -> Result<(), SpecError> {
        if self.derivations.is_empty() {
            return Ok(());
        }
        let twice = leaves(own)
            .into_iter()
            .find(|key| self.derivations.of(key).is_some());
        let Some(key) = twice else {
            return Ok(());
        };
        let source = &self.bundle.experiment;
        Err(SpecError {
            file: source.file.clone(),
            line: line_of_set_key(&source.text, self.arm.position, &key),
            message: "is set here and derived in [derive]: leave one of them out".to_owned(),
            key,
        })
    }

    /// The specification that a run's tables describe.
    pub(super) fn spec(&self, run: Table) -> Result<RunSpec, Vec<SpecError>> {
        let card = self.dataset(&run).map_err(|fault| vec![fault])?;
        let method = self.method(&run).map_err(|fault| vec![fault])?;
        let raw: RawRun = self.read("", run).map_err(|fault| vec![fault])?;
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
        let arm = self.arm.position;
        let message = message.into();
        SpecError {
            file: source.file.clone(),
            line: line_of_key(&source.text, arm, key)
                .or_else(|| line_of_listed(&source.text, arm, key)),
            key: key.to_owned(),
            message: match self.derivations.text_of(key) {
                Some(text) => format!("derived as `{}`: {message}", shown(text)),
                None => message,
            },
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
