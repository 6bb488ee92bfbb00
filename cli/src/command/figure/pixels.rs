//! Figures of pixels: cases from this machine's data, predictions from an export or a server.

use mrprism_protocol::spec::RaterIdentity;
use mrprism_raters::case::Case;
use mrprism_raters::dataset::{Dataset, SplitName};
use mrprism_raters::prediction::{self, StoredPrediction};
use mrprism_report::figure::{Agreement, ArmPredictions, Reliability, Sheet, Trust};
use mrprism_settings::Flags;
use mrprism_settings::flags::DataRootFlags;

use super::predictions::{FirstRun, Store, first_runs};
use crate::command::data;
use crate::failure::{as_wrong_use, wrong_use};

/// Cases on a sheet where none is named.
const CASES: usize = 3;

/// What the command line chose.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen<'a> {
    pub(super) experiment: &'a str,
    pub(super) arms: &'a [String],
    pub(super) cases: &'a [String],
    pub(super) dataset: Option<&'a str>,
    pub(super) structure: Option<&'a str>,
    pub(super) roots: &'a DataRootFlags,
}

/// Test cases, and what each arm's first run predicted of them.
struct Pixels {
    structure: usize,
    cases: Vec<Case>,
    arms: Vec<(String, Vec<StoredPrediction>)>,
}

pub(super) async fn reliability(chosen: Chosen<'_>, flags: &Flags) -> anyhow::Result<Reliability> {
    let pixels = read(chosen, flags, usize::MAX).await?;
    as_wrong_use(Reliability::of(&pixels.pairs(), pixels.structure))
}

pub(super) async fn sheet(chosen: Chosen<'_>, flags: &Flags) -> anyhow::Result<Sheet> {
    let pixels = read(chosen, flags, CASES).await?;
    as_wrong_use(Sheet::of(&pixels.pairs(), pixels.structure))
}

/// Of the first arm that learns confidences.
pub(super) async fn trust(chosen: Chosen<'_>, flags: &Flags) -> anyhow::Result<Trust> {
    let pixels = read(chosen, flags, 1).await?;
    let mut all = pixels.arms.iter().flat_map(|(_, stored)| stored);
    let first = pixels.arms.first().and_then(|(_, stored)| stored.first());
    let has = |stored: &&StoredPrediction| stored.confidences.dim().1 > 0;
    let (Some(case), Some(stored)) = (pixels.cases.first(), all.find(has).or(first)) else {
        return Err(wrong_use("there is no test case to show"));
    };
    as_wrong_use(Trust::of(case, stored, pixels.structure))
}

/// Raters alone: of the data set that is named, or the experiment's.
pub(super) async fn agreement(chosen: Chosen<'_>, flags: &Flags) -> anyhow::Result<Agreement> {
    let name = if let Some(name) = chosen.dataset {
        name.to_owned()
    } else {
        let (_, runs) = first_runs(flags, chosen.experiment, chosen.arms).await?;
        runs[0].spec.dataset.name.clone()
    };
    let data = data::open(&name, chosen.roots, flags)?;
    let structures = &data.definition().structures;
    let structure = position(structures, chosen.structure)?;
    let title = format!("{name}, {}", structures[structure]);
    let identity = data.definition().raters;
    let cases = if identity == RaterIdentity::Exchangeable {
        // Refused: nothing need be decoded for it.
        Vec::new()
    } else {
        data.at_own_size()?
    };
    as_wrong_use(Agreement::of(&cases, structure, &title, identity))
}

impl Pixels {
    fn pairs(&self) -> Vec<ArmPredictions<'_>> {
        let arms = self.arms.iter();
        arms.map(|(arm, stored)| (arm.clone(), self.cases.iter().zip(stored).collect()))
            .collect()
    }
}

async fn read(chosen: Chosen<'_>, flags: &Flags, most: usize) -> anyhow::Result<Pixels> {
    let (store, runs) = first_runs(flags, chosen.experiment, chosen.arms).await?;
    let spec = &runs[0].spec;
    let same = |run: &&FirstRun| {
        (&run.spec.dataset, run.spec.size, run.fold) == (&spec.dataset, spec.size, runs[0].fold)
    };
    if let Some(other) = runs.iter().find(|run| !same(run)) {
        return Err(wrong_use(format!(
            "'{}' and '{}' have other data, size or folds and cannot share a picture: choose arms with --arm",
            runs[0].arm, other.arm
        )));
    }
    let name = chosen.dataset.unwrap_or(&spec.dataset.name);
    let data = data::open(name, chosen.roots, flags)?;
    if data.manifest() != spec.dataset.manifest {
        return Err(wrong_use(format!(
            "the data differ: '{name}' here is not what '{}' was trained on; look at it with `mrprism data check {name}`",
            runs[0].arm
        )));
    }
    let cases = cases(chosen, &data, &runs[0], &store, most)?;
    let mut arms = Vec::new();
    for run in &runs {
        let mut stored = Vec::new();
        for case in &cases {
            stored.push(store.prediction(run, &case.name).await?);
        }
        arms.push((run.arm.clone(), stored));
    }
    Ok(Pixels {
        structure: position(&spec.dataset.structures, chosen.structure)?,
        cases,
        arms,
    })
}

/// The cases named, in their order; else the first `most` that there are predictions of.
fn cases(
    chosen: Chosen<'_>,
    data: &Dataset,
    run: &FirstRun,
    store: &Store,
    most: usize,
) -> anyhow::Result<Vec<Case>> {
    let mut all = data.load(SplitName::Test, run.spec.size, run.fold)?;
    if chosen.cases.is_empty() {
        if let Some(held) = store.held(run) {
            all.retain(|case| held.contains(&prediction::file_name(&case.name)));
        }
        all.truncate(most);
        return Ok(all);
    }
    let mut cases = Vec::new();
    for name in chosen.cases {
        let Some(at) = all.iter().position(|case| case.name == *name) else {
            let known: Vec<_> = all.iter().map(|case| case.name.as_str()).take(8).collect();
            return Err(wrong_use(format!(
                "no test case '{name}': there are {}, …",
                known.join(", ")
            )));
        };
        cases.push(all.remove(at));
    }
    Ok(cases)
}

/// The structure named, or the first.
fn position(structures: &[String], wanted: Option<&str>) -> anyhow::Result<usize> {
    let Some(wanted) = wanted else {
        return Ok(0);
    };
    let found = structures.iter().position(|structure| structure == wanted);
    found.ok_or_else(|| {
        wrong_use(format!(
            "no structure '{wanted}': there are {}",
            structures.join(", ")
        ))
    })
}
