//! An experiment as files that outlive a server: `experiment.json.gz`, `scores.csv.gz`, `curves.csv.gz`. Bytes in, bytes out.
//!
//! Equal results give equal bytes: scores and curves stand in one order, numbers are written so that they read back to the same bits,
//! and the compression knows no time. What is read is trusted with nothing.

mod cell;
mod check;
mod curves;
mod experiment;
mod fault;
mod lines;
mod packed;
mod scores;
mod stream;

use mrprism_protocol::spec::{ExperimentFile, parse_toml};
use mrprism_protocol::wire::{Curve, ExportedExperiment, Score};

pub use cell::{Cell, CellFile, NoCell, cell};
pub use curves::CurveWriter;
pub use experiment::{packed_experiment, without_hosts};
pub use fault::ExportFault;
pub use scores::{ScoreWriter, in_order};

use crate::results::{Results, RunScore};
use crate::run::RunFacts;

/// What `schema` says.
pub const SCHEMA: &str = "mrprism.export/1";
/// The experiment, its runs and their attempts.
pub const EXPERIMENT: &str = "experiment.json.gz";
/// Scores in long form.
pub const SCORES: &str = "scores.csv.gz";
/// Points of curves.
pub const CURVES: &str = "curves.csv.gz";

/// An export's files as they lie on the disk.
#[derive(Debug, Clone, Copy)]
pub struct Packed<'a> {
    /// [`EXPERIMENT`].
    pub experiment: &'a [u8],
    /// [`SCORES`].
    pub scores: &'a [u8],
    /// [`CURVES`].
    pub curves: &'a [u8],
}

/// An experiment with its results.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// Everything but scores and curves.
    pub experiment: ExportedExperiment,
    /// The scores of each run, by position, in the order of [`in_order`]; only runs that succeeded have some.
    pub scores: Vec<Vec<Score>>,
    /// The curves of each run, by position, by name.
    pub curves: Vec<Vec<Curve>>,
}

impl Export {
    /// Reads an export.
    ///
    /// # Errors
    /// [`ExportFault`]: a file is cut, damaged, larger than anything that was ever exported, or says what cannot be.
    pub fn read(packed: Packed<'_>) -> Result<Self, ExportFault> {
        let experiment = experiment::read(packed.experiment)?;
        let scores = scores::read(packed.scores, &experiment.runs)?;
        let curves = curves::read(packed.curves, &experiment.runs)?;
        Ok(Self {
            experiment,
            scores,
            curves,
        })
    }

    /// What tables and figures are made of: the same as the server's.
    ///
    /// # Errors
    /// The experiment file in the bundle cannot be read, which [`Export::read`] refuses too.
    pub fn results(&self) -> Result<Results, ExportFault> {
        let source = &self.experiment.bundle.experiment;
        let file: ExperimentFile = parse_toml(&source.file, &source.text)
            .map_err(|error| ExportFault::of_file(EXPERIMENT, error))?;
        let runs = self.experiment.runs.iter().map(|run| RunFacts {
            run: run.id,
            arm: run.arm.clone(),
            seed: run.seed,
            fold: run.fold,
            state: run.state,
            spec: run.spec.clone(),
            science_version: run.science_version.clone(),
            patients: run.patients.clone(),
        });
        let scores = self.experiment.runs.iter().zip(&self.scores);
        let scores = scores.flat_map(|(run, scores)| {
            scores.iter().map(|score| RunScore {
                run: run.id,
                score: score.clone(),
            })
        });
        let results = Results {
            experiment: self.experiment.name.clone(),
            question: self.experiment.question.clone(),
            baseline: file.table.baseline.clone(),
            runs: runs.collect(),
            scores: scores.collect(),
        };
        Ok(results.in_order_of(&file))
    }

    /// BLAKE3 in hex of what was exported, whatever machines' names it holds: is this the same content again?
    ///
    /// # Errors
    /// A value has no JSON form, which nothing that was read has.
    pub fn hash(&self) -> Result<String, ExportFault> {
        let mut hasher = blake3::Hasher::new();
        let mut experiment = self.experiment.clone();
        without_hosts(&mut experiment);
        hasher.update(&experiment::text(&experiment)?);
        let mut scores = lines::Lines::new(SCORES, Vec::new());
        scores::write_header(&mut scores)?;
        for (position, found) in self.scores.iter().enumerate() {
            scores::write(&mut scores, position, found)?;
        }
        hasher.update(&scores.finish()?);
        let mut curves = lines::Lines::new(CURVES, Vec::new());
        curves::write_header(&mut curves)?;
        for (position, found) in self.curves.iter().enumerate() {
            curves::write(&mut curves, position, found)?;
        }
        hasher.update(&curves.finish()?);
        Ok(hasher.finalize().to_hex().to_string())
    }
}
