//! Experiment files: one question, its arms and its seeds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::arms::arms;
use super::{ComponentFile, QueueFile, Seed, SweepFile};

/// An experiment as its author wrote it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExperimentFile {
    /// Name, unique on a server.
    pub name: String,
    /// What the experiment asks.
    pub question: String,
    /// How its table is laid out.
    #[serde(default)]
    pub table: TableLayout,
    /// Replicates: every arm runs with each.
    pub seeds: Vec<Seed>,
    /// Folds of the data set's own cross-validation; absent for its fixed split.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folds: Vec<u32>,
    /// Data sets: every arm runs on each, and is one row over all of them. Absent where `[base]` or an arm names its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<String>,
    /// Where and how urgently its runs wait.
    #[serde(default, skip_serializing_if = "QueueFile::is_usual")]
    pub queue: QueueFile,
    /// What all arms share.
    pub base: toml::Table,
    /// One answer each.
    #[serde(default, rename = "arm", skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<ArmFile>,
    /// Further arms by rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepFile>,
    /// What a sweep can switch on and off, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<String, ComponentFile>,
    /// Keys that follow from others: dotted key → expression.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub derive: BTreeMap<String, String>,
    /// Cells that are left out.
    #[serde(default, rename = "rule", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleFile>,
}

/// A `[[rule]]`: cells that are known to be of no use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// The condition under which a cell is left out.
    pub drop: String,
    /// Why, for whoever reads the table.
    pub reason: String,
}

/// One arm: a name and what it changes of the base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmFile {
    /// Name, unique in the experiment.
    pub name: String,
    /// Dotted keys and their values, e.g. `"network.recurrences" = 1`.
    #[serde(default)]
    pub set: toml::Table,
    /// Its own replicates, instead of the experiment's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seeds: Vec<Seed>,
    /// Its own data sets, instead of the experiment's: a method that cannot learn from all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<String>,
}

impl ExperimentFile {
    /// Every arm, those that a sweep makes among them, before any rule leaves one out.
    ///
    /// # Errors
    /// Why the sweep makes none.
    pub fn every_arm(&self) -> Result<Vec<ArmFile>, String> {
        let arms = arms(self).map_err(|fault| fault.message)?;
        Ok(arms.into_iter().map(|arm| arm.file).collect())
    }

    /// The replicates of an arm.
    pub(super) fn seeds_of<'a>(&'a self, arm: &'a ArmFile) -> &'a [Seed] {
        own_or(&arm.seeds, &self.seeds)
    }

    /// The data sets of an arm; one `None` where its specification names its data set itself.
    pub(super) fn datasets_of<'a>(&'a self, arm: &'a ArmFile) -> Vec<Option<&'a str>> {
        let listed = own_or(&arm.datasets, &self.datasets);
        if listed.is_empty() {
            return vec![None];
        }
        listed.iter().map(|name| Some(name.as_str())).collect()
    }
}

fn own_or<'a, T>(own: &'a [T], all: &'a [T]) -> &'a [T] {
    if own.is_empty() { all } else { own }
}

/// How the experiment's table is laid out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableLayout {
    /// What a row is.
    pub rows: RowAxis,
    /// What a column is.
    pub columns: ColumnAxis,
    /// The arm that tests compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
}

impl Default for TableLayout {
    fn default() -> Self {
        Self {
            rows: RowAxis::Arm,
            columns: ColumnAxis::Reference,
            baseline: None,
        }
    }
}

crate::spelled::spelled_enum! {
    /// What a row of a table is.
    RowAxis {
        /// Arm, output and recurrence.
        Arm = "arm",
    }
}

crate::spelled::spelled_enum! {
    /// What a column of a table is.
    ColumnAxis {
        /// Structure, reference and metric.
        Reference = "reference",
    }
}

/// A definition file that an experiment names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedText {
    /// The file as its author would name it.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// An experiment with every definition it names: what `mrprism submit` posts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// The experiment file.
    pub experiment: NamedText,
    /// The method files it needs (others do no harm).
    pub methods: Vec<NamedText>,
}

/// A method's definition file: what it is, and every default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MethodFile {
    /// The name experiments use.
    pub name: String,
    /// What is built, where that is not called as the method is: several methods may share a kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The name tables print.
    pub title: String,
    /// Where it was published.
    pub paper: String,
    /// Tables of the MrPrism paper it stands in.
    pub tables: Vec<u32>,
    /// What training does, in order.
    pub phases: Vec<String>,
    /// What it needs of a data set beyond images and masks.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Every default of a run.
    pub defaults: toml::Table,
}

impl MethodFile {
    /// What is built: one of [`super::MethodSpec::KINDS`], or a name that nothing is built for.
    pub fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or(&self.name)
    }
}
