//! One run of an export as a folder of its own: everything that is needed to run it again, and what should come out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use mrprism_protocol::spec::{
    ArbitratedKind, ArmFile, Bundle, DatasetCard, ExperimentFile, Fingerprint, MethodFile,
    NamedText, QueueFile, RunSpec, Seed, parse_toml, resolve,
};
use mrprism_protocol::wire::{ExportedRun, Score};

use super::Export;

/// Which run, and what is known of its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The arm.
    pub arm: String,
    /// The replicate; none for the first.
    pub seed: Option<Seed>,
    /// The fold; none for the first, or the fixed split.
    pub fold: Option<u32>,
    /// Where the data come from, where that is known.
    pub source: Option<String>,
    /// Their licence, where that is known.
    pub licence: Option<String>,
}

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFile {
    /// Its path in the folder.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Why there is no such folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoCell {
    /// No run is called so.
    #[error("'{experiment}' has no run of arm '{arm}'{more}: it has {known}")]
    Unknown {
        /// The experiment.
        experiment: String,
        /// What was asked for.
        arm: String,
        /// The seed and fold that were asked for.
        more: String,
        /// What there is.
        known: String,
    },
    /// The stored definition gives another run today.
    #[error("the stored definition cannot be cut down to this run: {0}")]
    Differs(String),
}

/// The folder of one run.
///
/// # Errors
/// [`NoCell`]: there is no such run, or this version of the program reads its definition differently.
pub fn cell(export: &Export, wanted: &Cell) -> Result<Vec<CellFile>, NoCell> {
    let (position, run) = find(export, wanted)?;
    let differs = |error: &dyn std::fmt::Display| NoCell::Differs(error.to_string());
    let bundle = cut(export, run)?;
    let resolved = resolve(&bundle, &[card(&run.spec)]).map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        NoCell::Differs(faults.join("; "))
    })?;
    let again = resolved
        .cells
        .first()
        .map(|cell| Fingerprint::of(&cell.spec, cell.seed, cell.fold, &run.science_version));
    if resolved.cells.len() != 1 || again.as_ref() != Some(&run.fingerprint) {
        return Err(NoCell::Differs(format!(
            "this program reads it as another specification than the run's, whose science version is {}: use the program that ran it",
            run.science_version
        )));
    }
    let json = |value: &serde_json::Value| {
        serde_json::to_string_pretty(value)
            .map(|text| text + "\n")
            .map_err(|error| differs(&error))
    };
    let file = |path: &str, text: String| CellFile {
        path: path.to_owned(),
        text,
    };
    let spec = serde_json::to_value(&run.spec).map_err(|error| differs(&error))?;
    let mut files = vec![
        file("README.md", readme(export, run, wanted, &bundle)),
        file(&bundle.experiment.file, bundle.experiment.text.clone()),
        file("spec.json", json(&spec)?),
        file("expected/scores.csv", scores(&export.scores[position])),
    ];
    if let Some(provenance) = &run.provenance {
        files.push(file("provenance.json", json(provenance)?));
    }
    let methods = bundle.methods.into_iter();
    files.extend(methods.map(|method| CellFile {
        path: method.file,
        text: method.text,
    }));
    Ok(files)
}

fn find<'a>(export: &'a Export, wanted: &Cell) -> Result<(usize, &'a ExportedRun), NoCell> {
    let runs = &export.experiment.runs;
    let is = |run: &ExportedRun| {
        run.arm == wanted.arm
            && wanted.seed.is_none_or(|seed| seed == run.seed)
            && wanted.fold.is_none_or(|fold| Some(fold) == run.fold)
    };
    runs.iter()
        .enumerate()
        .find(|(_, run)| is(run))
        .ok_or_else(|| {
            let mut arms: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for run in runs {
                arms.entry(&run.arm).or_default().push(cell_name(run));
            }
            let of_arm = arms.get(wanted.arm.as_str()).map(|cells| cells.join(", "));
            let names: Vec<_> = arms.into_keys().collect();
            let seed = wanted.seed.map(|seed| format!(", seed {seed}"));
            let fold = wanted.fold.map(|fold| format!(", fold {fold}"));
            NoCell::Unknown {
                experiment: export.experiment.name.clone(),
                arm: wanted.arm.clone(),
                more: seed.unwrap_or_default() + &fold.unwrap_or_default(),
                known: of_arm.unwrap_or_else(|| names.join(", ")),
            }
        })
}

fn cell_name(run: &ExportedRun) -> String {
    let fold = run.fold.map(|fold| format!(" fold {fold}"));
    format!("seed {}{}", run.seed, fold.unwrap_or_default())
}

/// The experiment with this one run, and the one method that it names.
fn cut(export: &Export, run: &ExportedRun) -> Result<Bundle, NoCell> {
    let differs = |error: &dyn std::fmt::Display| NoCell::Differs(error.to_string());
    let bundle = &export.experiment.bundle;
    let source = &bundle.experiment;
    let mut file: ExperimentFile =
        parse_toml(&source.file, &source.text).map_err(|error| differs(&error))?;
    file.arms = vec![arm_of(&file, run)?];
    file.sweep = None;
    file.components.clear();
    file.rules.clear();
    // Pools and deadlines are the server's that ran it.
    file.queue = QueueFile::default();
    file.datasets = Vec::new();
    file.seeds = vec![run.seed];
    file.folds = run.fold.into_iter().collect();
    file.table.baseline = None;
    let cell: String = [&file.name, "-", &run.arm]
        .into_iter()
        .flat_map(|part| part.chars())
        .map(|letter| {
            if letter.is_ascii_alphanumeric() || "-_.".contains(letter) {
                letter
            } else {
                '-'
            }
        })
        .take(100)
        .collect();
    cell.clone_into(&mut file.name);
    let method = file.arms[0]
        .set
        .get("method")
        .or_else(|| file.base.get("method"))
        .and_then(toml::Value::as_str)
        .unwrap_or_default();
    let methods = bundle.methods.iter().filter(|text| {
        parse_toml::<MethodFile>(&text.file, &text.text).is_ok_and(|found| found.name == method)
    });
    let methods = methods.map(|text| NamedText {
        file: format!("methods/{method}.toml"),
        text: text.text.clone(),
    });
    let written = toml::to_string(&file).map_err(|error| differs(&error))?;
    Ok(Bundle {
        experiment: NamedText {
            file: format!("studies/{cell}.toml"),
            text: format!(
                "# One run of '{}': arm '{}', {}.\n{written}",
                export.experiment.name,
                run.arm,
                cell_name(run)
            ),
        },
        methods: methods.collect(),
    })
}

/// The arm as it was written, or as the sweep made it.
fn arm_of(file: &ExperimentFile, run: &ExportedRun) -> Result<ArmFile, NoCell> {
    let mut arms = file.every_arm().map_err(NoCell::Differs)?.into_iter();
    let arm = arms.find(|arm| arm.name == run.arm);
    let arm = arm
        .ok_or_else(|| NoCell::Differs(format!("it makes no arm that is called '{}'", run.arm)))?;
    let is_crossed = !file.datasets.is_empty() || !arm.datasets.is_empty();
    Ok(ArmFile {
        seeds: Vec::new(),
        // Where arms run on several data sets, this run is of one of them.
        datasets: Vec::from_iter(is_crossed.then(|| run.spec.dataset.name.clone())),
        ..arm
    })
}

/// The data set as the run knows it. What it leaves out was checked when the run was submitted.
fn card(spec: &RunSpec) -> DatasetCard {
    let data = &spec.dataset;
    DatasetCard {
        name: data.name.clone(),
        manifest: data.manifest.clone(),
        raters: data.raters,
        rater_identity: data.rater_identity,
        structures: data.structures.clone(),
        channels: data.channels,
        arbitrated: Some(ArbitratedKind::Unknown),
        diagnoses: true,
        cases: ["train", "validation", "test"]
            .map(|split| (split.to_owned(), u32::MAX))
            .into(),
        folds: u32::MAX,
        crop: data.crop,
        licence: None,
        source: None,
    }
}

/// Scores as `mrprism train` writes them: sorted lines.
fn scores(scores: &[Score]) -> String {
    let mut lines: Vec<_> = scores
        .iter()
        .map(|score| {
            let recurrence = score.recurrence.map(|number| number.to_string());
            crate::print::joined(&[
                score.output.to_string(),
                recurrence.unwrap_or_default(),
                score.case.clone(),
                score.structure.clone(),
                score.reference.to_string(),
                score.metric.clone(),
                score.value.to_string(),
            ])
        })
        .collect();
    lines.sort();
    let header = "output,recurrence,case,structure,reference,metric,value";
    format!("{header}\n{}\n", lines.join("\n"))
}

fn readme(export: &Export, run: &ExportedRun, wanted: &Cell, bundle: &Bundle) -> String {
    let data = &run.spec.dataset;
    let study = &bundle.experiment.file;
    let (arm, seed) = (&run.arm, run.seed);
    let fold = run.fold.map(|fold| format!(" --fold {fold}"));
    let known = |word: &Option<String>| word.clone().unwrap_or_else(|| "not known".to_owned());
    let mut text = format!(
        "# {}: arm `{arm}`, {}\n\n{}\n\n\
         | what | |\n| --- | --- |\n\
         | data set | `{}`, manifest `{}` |\n| its source | {} |\n| its licence | {} |\n\
         | fingerprint | `{}` |\n| science version | `{}` |\n",
        export.experiment.name,
        cell_name(run),
        export.experiment.question,
        data.name,
        data.manifest,
        known(&wanted.source),
        known(&wanted.licence),
        run.fingerprint.0,
        run.science_version,
    );
    if let Some(hash) = &run.weights_hash {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| weights | BLAKE3 `{hash}` |");
    }
    let _ = write!(
        text,
        "\nThe data are not in this folder: register them under the same name, so that the manifest is the same. Then, in this folder:\n\n    \
         mrprism train {study} --arm '{arm}' --seed {seed}{} --out again\n    \
         diff expected/scores.csv again/scores.csv\n\n",
        fold.unwrap_or_default()
    );
    text.push_str(if export.scores[run.position as usize].is_empty() {
        "The run has left no scores: `expected/scores.csv` holds none to compare with.\n"
    } else {
        "`diff` says nothing where processor, threads and libtorch are the same (`provenance.json`, where it is here, says which); elsewhere values agree but for rounding, \
         which training makes larger.\n"
    });
    text
}
