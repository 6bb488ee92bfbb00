//! From an experiment file to its cells: every arm × data set × fold × seed with a complete specification.

mod compose;
mod derive;
mod lookup;
mod rules;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::arms::{Arm, arms, faults_of_arms, faults_of_file, sweep_fault, top_fault};
use super::{
    Bundle, DatasetCard, ExperimentFile, MethodFile, RunSpec, Seed, SpecError, parse_toml,
};
use compose::ArmContext;
use derive::Derivations;
use rules::Rules;

/// Most cells of an experiment: ten times what a server plans within seconds.
const MOST_CELLS: usize = 100_000;

/// Most faulty runs that are looked at: nobody reads more faults, and finding each one's line takes time.
const MOST_FAULTY: usize = 200;

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

/// An arm that is not run, or not on one data set, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// The arm's name.
    pub arm: String,
    /// The data set, where the rule looks at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// The rule's reason.
    pub reason: String,
}

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.dataset {
            Some(dataset) => write!(f, "{} on {dataset}: {}", self.arm, self.reason),
            None => write!(f, "{}: {}", self.arm, self.reason),
        }
    }
}

impl Dropped {
    /// Whether it is this arm's, on this data set where one is named.
    pub(super) fn is(&self, arm: &str, dataset: Option<&str>) -> bool {
        self.arm == arm
            && (self.dataset.is_none() || dataset.is_none() || self.dataset.as_deref() == dataset)
    }
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
    let plan = Plan::read(bundle, &file)?;
    let (cells, dropped) = plan.cells(&file, &methods, datasets)?;
    Ok(Resolved {
        file,
        cells,
        dropped,
    })
}

/// What an experiment file asks for, before any run is made of it.
struct Plan<'a> {
    bundle: &'a Bundle,
    arms: Vec<Arm>,
    derivations: Derivations,
    rules: Rules<'a>,
    faults: Vec<SpecError>,
}

impl<'a> Plan<'a> {
    /// Reads everything that does not depend on a run; refuses what leaves no arms to look at.
    fn read(bundle: &'a Bundle, file: &'a ExperimentFile) -> Result<Self, Vec<SpecError>> {
        let mut faults = faults_of_file(bundle, file);
        let arms = arms(file).map_err(|found| vec![sweep_fault(bundle, &found)]);
        let arms = arms.and_then(|arms| {
            faults.extend(faults_of_arms(bundle, file, &arms));
            few_enough(bundle, file, &arms).map(|()| arms)
        });
        let derivations = Derivations::read(bundle, file);
        let rules = Rules::read(bundle, file);
        match (arms, derivations, rules) {
            (Ok(arms), Ok(derivations), Ok(rules)) => Ok(Self {
                bundle,
                arms,
                derivations,
                rules,
                faults,
            }),
            (arms, derivations, rules) => {
                faults.extend(arms.err().into_iter().flatten());
                faults.extend(derivations.err().into_iter().flatten());
                faults.extend(rules.err().into_iter().flatten());
                Err(faults)
            }
        }
    }

    fn cells(
        mut self,
        file: &ExperimentFile,
        methods: &[MethodFile],
        datasets: &[DatasetCard],
    ) -> Result<(Vec<Cell>, Vec<Dropped>), Vec<SpecError>> {
        let mut faults = std::mem::take(&mut self.faults);
        let mut cells = Vec::new();
        let mut dropped: Vec<Dropped> = Vec::new();
        let mut faulty = 0;
        for arm in &self.arms {
            if faulty >= MOST_FAULTY {
                break;
            }
            let context = ArmContext {
                bundle: self.bundle,
                arm,
                methods,
                datasets,
                derivations: &self.derivations,
            };
            for dataset in file.datasets_of(&arm.file) {
                let run = context.tables(&file.base, dataset);
                let run = run.and_then(|run| Ok((self.rules.drop(&run, arm)?, run)));
                match run {
                    Err(fault) => {
                        faults.push(fault);
                        faulty += 1;
                    }
                    Ok((Some(drop), run)) => {
                        let name = run.get("dataset").and_then(toml::Value::as_str);
                        let left = Dropped {
                            arm: arm.file.name.clone(),
                            dataset: name.filter(|_| drop.by_dataset).map(str::to_owned),
                            reason: drop.reason,
                        };
                        // A rule that does not look at the data set leaves out the arm on each alike: said once.
                        if dropped.last() != Some(&left) {
                            dropped.push(left);
                        }
                    }
                    Ok((None, run)) => match context.spec(run) {
                        Ok(spec) => cells.extend(cells_of(file, arm, &spec)),
                        Err(found) => {
                            faults.extend(found);
                            faulty += 1;
                        }
                    },
                }
            }
        }
        if faults.is_empty() {
            faults.extend(self.rules.unmet());
        }
        if faults.is_empty() && cells.is_empty() && !dropped.is_empty() {
            faults.push(self.rules.nothing_left());
        }
        if let Some(baseline) = &file.table.baseline
            && faults.is_empty()
            && !cells.iter().any(|cell| cell.arm == *baseline)
        {
            let message = format!("a rule leaves out every cell of the baseline '{baseline}'");
            faults.push(top_fault(self.bundle, "table", message));
        }
        // Arms share the base: a fault there is one fault, not one an arm.
        let mut seen = BTreeSet::new();
        faults.retain(|fault| seen.insert(fault.to_string()));
        if faults.is_empty() {
            Ok((cells, dropped))
        } else {
            Err(faults)
        }
    }
}

/// Refuses an experiment that nobody could run, before its cells are made.
fn few_enough(bundle: &Bundle, file: &ExperimentFile, arms: &[Arm]) -> Result<(), Vec<SpecError>> {
    let of_arm = |arm: &Arm| {
        let folds = file.folds.len().max(1);
        let runs = file.datasets_of(&arm.file).len().saturating_mul(folds);
        runs.saturating_mul(file.seeds_of(&arm.file).len())
    };
    let count = arms.iter().map(of_arm).fold(0, usize::saturating_add);
    if count <= MOST_CELLS {
        return Ok(());
    }
    let message =
        format!("arms, data sets, folds and seeds make {count} cells: at most {MOST_CELLS}");
    Err(vec![top_fault(bundle, "seeds", message)])
}

fn cells_of(file: &ExperimentFile, arm: &Arm, spec: &RunSpec) -> Vec<Cell> {
    let folds: Vec<_> = if file.folds.is_empty() {
        vec![None]
    } else {
        file.folds.iter().copied().map(Some).collect()
    };
    let cells = folds.into_iter().flat_map(|fold| {
        file.seeds_of(&arm.file).iter().map(move |seed| Cell {
            arm: arm.file.name.clone(),
            seed: *seed,
            fold,
            spec: spec.clone(),
        })
    });
    cells.collect()
}
