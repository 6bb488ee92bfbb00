//! Every score of one place in a table: what a cell is the mean of, and what its tests are made of.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use mrprism_protocol::spec::{Output, Reference, Seed};
use mrprism_protocol::wire::{TableColumn, TableRow};

use super::cells::mean;
use super::order::Order;
use crate::results::Scored;
use crate::run::RunFacts;

/// Case → one value, or one a rater that was left out.
type Cases<'a> = BTreeMap<&'a str, Vec<f64>>;

/// Everything that one cell is the mean of.
#[derive(Debug, Default)]
pub(super) struct Heap<'a> {
    /// Seed → fold → cases.
    pub(super) seeds: BTreeMap<Seed, BTreeMap<Option<u32>, Cases<'a>>>,
    /// Case → whose it is; the case itself where nothing is known.
    pub(super) patients: BTreeMap<&'a str, &'a str>,
    /// The runs it comes from, as many as differ in what tables compare.
    pub(super) runs: Vec<&'a RunFacts>,
}

/// A unit of tests: a patient with the values of its cases, one a seed.
pub(super) type ByPatient<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Vec<f64>>>;

impl<'a> Heap<'a> {
    fn add(&mut self, found: &Scored<'a>) {
        let (run, score) = (found.run, found.score);
        let seed = self.seeds.entry(run.seed).or_default();
        let cases = seed.entry(run.fold).or_default();
        cases.entry(&score.case).or_default().push(score.value);
        let patient = run.patients.get(&score.case).unwrap_or(&score.case);
        self.patients.insert(&score.case, patient);
        if !self
            .runs
            .iter()
            .any(|known| known.seed == run.seed && known.fold == run.fold)
        {
            self.runs.push(run);
        }
    }

    /// Means over cases of each fold, over folds of each seed, one a seed.
    pub(super) fn seed_means(&self) -> Vec<f64> {
        let of_fold = |cases: &Cases<'_>| mean(cases.values().map(|values| value(values)));
        let of_seed = |folds: &BTreeMap<_, Cases<'_>>| mean(folds.values().map(of_fold));
        self.seeds.values().map(of_seed).collect()
    }

    /// Cases that were scored, over all seeds and folds.
    pub(super) fn cases(&self) -> BTreeSet<&'a str> {
        let folds = self.seeds.values().flat_map(BTreeMap::values);
        folds.flat_map(BTreeMap::keys).copied().collect()
    }

    /// Folds that were scored.
    pub(super) fn folds(&self) -> BTreeSet<Option<u32>> {
        self.seeds
            .values()
            .flat_map(BTreeMap::keys)
            .copied()
            .collect()
    }

    /// Cases that every seed scored, with one value a seed in order; a case that stands in several folds has their mean.
    pub(super) fn by_case(&self) -> BTreeMap<&'a str, Vec<f64>> {
        let mut cases: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for folds in self.seeds.values() {
            let mut of_seed: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
            for (case, values) in folds.values().flatten() {
                of_seed.entry(case).or_default().push(value(values));
            }
            for (case, values) in of_seed {
                cases.entry(case).or_default().push(value(&values));
            }
        }
        cases.retain(|_, values| values.len() == self.seeds.len());
        cases
    }
}

fn value(values: &[f64]) -> f64 {
    mean(values.iter().copied())
}

/// Heaps by their places: rows and columns in the table's order, and what lies where they cross.
#[derive(Debug)]
pub(super) struct Heaps<'a> {
    pub(super) rows: Vec<TableRow>,
    pub(super) columns: Vec<TableColumn>,
    /// By row and column.
    pub(super) at: BTreeMap<(usize, usize), Heap<'a>>,
}

/// A row without its own copy of the arm's name.
type RowKey<'a> = (&'a str, Output, Option<u32>);
/// Data set, structure, reference, metric.
type ColumnKey<'a> = (&'a str, &'a str, Reference, &'a str);

impl<'a> Heaps<'a> {
    /// Sorts what models put out to where it belongs; the raters' own scores are the human row's.
    pub(super) fn of(scored: &[Scored<'a>], order: &Order) -> Self {
        let mut heaps: HashMap<(RowKey<'a>, ColumnKey<'a>), Heap<'a>> = HashMap::new();
        for found in scored {
            if !matches!(found.score.output, Output::Rater(_)) {
                heaps.entry(key(found)).or_default().add(found);
            }
        }
        let rows: BTreeSet<RowKey<'a>> = heaps.keys().map(|(row, _)| *row).collect();
        let columns: BTreeSet<ColumnKey<'a>> = heaps.keys().map(|(_, column)| *column).collect();
        let mut rows: Vec<(TableRow, RowKey<'a>)> =
            rows.into_iter().map(|key| (row(key), key)).collect();
        rows.sort_by_cached_key(|(row, _)| order.row(row));
        let mut columns: Vec<(TableColumn, ColumnKey<'a>)> =
            columns.into_iter().map(|key| (column(key), key)).collect();
        columns.sort_by_cached_key(|(column, _)| order.column(column));
        let row_at: HashMap<RowKey<'a>, usize> = places(rows.iter().map(|(_, key)| *key));
        let column_at: HashMap<ColumnKey<'a>, usize> = places(columns.iter().map(|(_, key)| *key));
        let at = heaps.into_iter().filter_map(|((row, column), heap)| {
            Some(((*row_at.get(&row)?, *column_at.get(&column)?), heap))
        });
        Self {
            at: at.collect(),
            rows: rows.into_iter().map(|(row, _)| row).collect(),
            columns: columns.into_iter().map(|(column, _)| column).collect(),
        }
    }

    /// The heaps of a column, by row.
    pub(super) fn column(&self, column: usize) -> impl Iterator<Item = (usize, &Heap<'a>)> {
        let here = self.at.iter().filter(move |((_, at), _)| *at == column);
        here.map(|((row, _), heap)| (*row, heap))
    }
}

fn places<K: Eq + std::hash::Hash>(keys: impl Iterator<Item = K>) -> HashMap<K, usize> {
    keys.enumerate().map(|(at, key)| (key, at)).collect()
}

/// Leave-one-out references are one column, and so are the raters held out of a fusion: raters are averaged inside a case.
fn key<'a>(found: &Scored<'a>) -> (RowKey<'a>, ColumnKey<'a>) {
    let score = found.score;
    let reference = match score.reference {
        Reference::LeaveOneOut(_) => Reference::LeaveOneOut(0),
        Reference::Rater(_) if is_fusion(score.output) => Reference::Rater(0),
        other => other,
    };
    (
        (&found.run.arm, score.output, score.recurrence),
        (
            &found.run.spec.dataset.name,
            &score.structure,
            reference,
            &score.metric,
        ),
    )
}

fn row((arm, output, recurrence): RowKey<'_>) -> TableRow {
    TableRow {
        arm: arm.to_owned(),
        output,
        recurrence,
    }
}

fn column((dataset, structure, reference, metric): ColumnKey<'_>) -> TableColumn {
    TableColumn {
        dataset: dataset.to_owned(),
        structure: structure.to_owned(),
        reference,
        metric: metric.to_owned(),
    }
}

/// Whether the raters' own labels of the case were joined.
pub(crate) fn is_fusion(output: Output) -> bool {
    matches!(output, Output::Fused | Output::Fusion(_))
}
