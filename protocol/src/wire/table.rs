//! `GET /api/v1/experiments/{id or name}/table`: an experiment's results.

use serde::{Deserialize, Serialize};

use crate::spec::{Output, Reference};

/// `mrprism.table/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Always `mrprism.table/1`.
    pub schema: String,
    /// The experiment's name.
    pub experiment: String,
    /// The question it asks.
    pub question: String,
    /// Arms in the experiment's order; empty in tables made before arms were listed.
    #[serde(default)]
    pub arms: Vec<TableArm>,
    /// The arm that tests compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// What arms differ in, by keys of their specifications: the columns of an ablation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<TableFactor>,
    /// Rows, in order of arm and recurrence.
    pub rows: Vec<TableRow>,
    /// Columns.
    pub columns: Vec<TableColumn>,
    /// One for each row and column that has scores.
    pub cells: Vec<TableCell>,
    /// The raters against the same references, by the same code.
    pub human: Vec<HumanCell>,
    /// Where three arms or more stand in a column: their ranks over patients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranks: Vec<TableRanks>,
    /// What a reader must know: what is missing, refused or flagged.
    pub notes: Vec<String>,
}

/// One arm and what decides its numbers beside its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableArm {
    /// The arm.
    pub arm: String,
    /// What its encoder's weights began as: `random`, or `blake3:` and the first 12 digits of the imported weights' hash.
    pub encoder: String,
}

/// One key in which arms differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFactor {
    /// A key as experiment files write it, e.g. `network.integration`.
    pub key: String,
    /// One an arm, in the order of `arms`; empty where the arm's specification has no such key.
    pub values: Vec<String>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TableRow {
    /// The arm.
    pub arm: String,
    /// What was scored.
    pub output: Output,
    /// Rec number.
    pub recurrence: Option<u32>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TableColumn {
    /// The data set.
    pub dataset: String,
    /// The structure.
    pub structure: String,
    /// The reference; leave-one-out is averaged over raters and stands as `leave-one-out:0`, and so are raters held out of a fusion
    /// as `rater:0`. A confidence's is the rater who is trusted.
    pub reference: Reference,
    /// Name and version.
    pub metric: String,
}

/// Mean over seeds of the mean over cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableCell {
    /// Index into rows.
    pub row: usize,
    /// Index into columns.
    pub column: usize,
    /// Fraction, unrounded.
    pub mean: f64,
    /// Standard deviation over seeds (n − 1); none for one seed.
    pub sd: Option<f64>,
    /// Seeds that have finished.
    pub n_seeds: usize,
    /// Folds (1 for a fixed split).
    pub n_folds: usize,
    /// Test cases.
    pub n_cases: usize,
    /// M.
    pub n_raters: u32,
    /// Optimiser steps, where the spec gives them.
    pub steps: Option<u64>,
    /// What sd is over.
    pub unit: String,
    /// Highest mean of its column (soft Dice only), among predictions or among fused labels.
    pub best: bool,
    /// Second highest.
    pub second: bool,
    /// Against the baseline, Holm over the column.
    pub p_adjusted: Option<f64>,
    /// Against the baseline, paired by case; none for the baseline itself and where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    /// Where the mean lies among what raters reach against the same reference; only where raters were scored against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_range: Option<HumanRange>,
    /// Why this number may not be comparable.
    pub flags: Vec<String>,
}

/// One rater against the reference made of the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HumanCell {
    /// The data set.
    pub dataset: String,
    /// The structure.
    pub structure: String,
    /// Rater number from 1; none for the mean over raters.
    pub rater: Option<u32>,
    /// Name and version.
    pub metric: String,
    /// Mean over cases.
    pub mean: f64,
    /// Standard deviation over raters; only where `rater` is none.
    pub sd: Option<f64>,
    /// Test cases.
    pub n_cases: usize,
}

/// An arm minus the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Mean over the cases both have of this arm's mean over its seeds less the baseline's over its own. Fraction.
    pub mean: f64,
    /// 95 % `BCa` interval: patients, their cases and, where both have the same, seeds resampled; none where refused.
    pub interval: Option<[f64; 2]>,
    /// The test's name, `wilcoxon`; none where refused.
    pub test: Option<String>,
    /// Two-sided, before Holm.
    pub p: Option<f64>,
    /// Matched-pairs rank-biserial correlation, −1 to 1.
    pub effect: Option<f64>,
    /// Paired patients.
    pub patients: usize,
    /// Why there is no test, no interval, or neither.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
}

crate::spelled::spelled_enum! {
    /// Where a mean lies among the raters' own.
    HumanRange {
        /// Under the lowest rater's.
        Below = "below",
        /// Between the lowest and the highest rater's.
        Within = "within",
        /// Over the highest rater's.
        Above = "above",
    }
}

/// Friedman's test of a column, and what a critical-difference diagram draws. Each arm stands with its last recurrence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableRanks {
    /// Index into columns.
    pub column: usize,
    /// Indexes into rows, one an arm.
    pub rows: Vec<usize>,
    /// One a row, 1 for the best; empty where refused.
    pub mean_ranks: Vec<f64>,
    /// Patients that every arm has.
    pub patients: usize,
    /// Friedman's χ²; none where refused.
    pub statistic: Option<f64>,
    /// Its p.
    pub p: Option<f64>,
    /// Nemenyi's difference of mean ranks at 0.05.
    pub critical_difference: Option<f64>,
    /// Why there are no ranks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}
