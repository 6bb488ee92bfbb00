//! A table's cells: means over cases, folds and seeds, in this order.

use std::collections::{BTreeMap, BTreeSet};

use mrprism_protocol::spec::{Output, Reference, Seed};
use mrprism_protocol::wire::{TableCell, TableColumn, TableRow};

use super::order::Order;
use crate::results::Scored;
use crate::run::RunFacts;

/// Rows, columns and the cells between them.
#[derive(Debug)]
pub(super) struct Cells {
    pub(super) rows: Vec<TableRow>,
    pub(super) columns: Vec<TableColumn>,
    pub(super) filled: Vec<TableCell>,
}

/// Case → one value, or one a rater that was left out.
type Cases<'a> = BTreeMap<&'a str, Vec<f64>>;

/// Everything that one cell is the mean of.
#[derive(Debug, Default)]
struct Heap<'a> {
    /// Seed → fold → cases.
    seeds: BTreeMap<Seed, BTreeMap<Option<u32>, Cases<'a>>>,
    raters: u32,
    steps: BTreeSet<Option<u64>>,
    manifests: BTreeSet<&'a str>,
}

type Key = (TableRow, TableColumn);

/// The cells of what models put out.
pub(super) fn of(scored: &[Scored<'_>], runs: &[RunFacts], order: &Order) -> Cells {
    let mut heaps: BTreeMap<Key, Heap<'_>> = BTreeMap::new();
    for found in scored {
        if matches!(found.score.output, Output::Rater(_)) {
            continue;
        }
        let spec = &found.run.spec;
        let heap = heaps.entry(key(found)).or_default();
        heap.seeds
            .entry(found.run.seed)
            .or_default()
            .entry(found.run.fold)
            .or_default()
            .entry(&found.score.case)
            .or_default()
            .push(found.score.value);
        heap.raters = heap.raters.max(spec.dataset.raters);
        heap.steps.insert(spec.train.steps);
        heap.manifests.insert(&spec.dataset.manifest);
    }
    let mut rows: Vec<_> = once_each(heaps.keys().map(|(row, _)| row));
    rows.sort_by_cached_key(|row| order.row(row));
    let mut columns: Vec<_> = once_each(heaps.keys().map(|(_, column)| column));
    columns.sort_by_cached_key(|column| order.column(column));
    let expected = expected(runs);
    let mut cells: Vec<TableCell> = heaps
        .iter()
        .filter_map(|((row, column), heap)| {
            let place = (
                rows.iter().position(|known| known == row)?,
                columns.iter().position(|known| known == column)?,
            );
            Some(cell(place, heap, expected.get(row.arm.as_str())))
        })
        .collect();
    cells.sort_by_key(|cell| (cell.row, cell.column));
    rank(&mut cells, &rows.iter().collect::<Vec<_>>(), &columns);
    Cells {
        rows,
        columns,
        filled: cells,
    }
}

/// Leave-one-out references are one column, and so are the raters held out of a fusion: raters are averaged inside a case.
fn key(found: &Scored<'_>) -> Key {
    let score = found.score;
    let row = TableRow {
        arm: found.run.arm.clone(),
        output: score.output,
        recurrence: score.recurrence,
    };
    let column = TableColumn {
        dataset: found.run.spec.dataset.name.clone(),
        structure: score.structure.clone(),
        reference: match score.reference {
            Reference::LeaveOneOut(_) => Reference::LeaveOneOut(0),
            Reference::Rater(_) if is_fusion(score.output) => Reference::Rater(0),
            other => other,
        },
        metric: score.metric.clone(),
    };
    (row, column)
}

fn cell((row, column): (usize, usize), heap: &Heap<'_>, expected: Option<&Expected>) -> TableCell {
    let seed_means: Vec<f64> = heap
        .seeds
        .values()
        .map(|folds| {
            mean(
                folds
                    .values()
                    .map(|cases| mean(cases.values().map(|values| mean(values.iter().copied())))),
            )
        })
        .collect();
    let folds: BTreeSet<_> = heap.seeds.values().flat_map(BTreeMap::keys).collect();
    let cases: BTreeSet<_> = heap
        .seeds
        .values()
        .flat_map(BTreeMap::values)
        .flat_map(BTreeMap::keys)
        .collect();
    TableCell {
        row,
        column,
        mean: mean(seed_means.iter().copied()),
        sd: deviation(&seed_means),
        n_seeds: seed_means.len(),
        n_folds: folds.len(),
        n_cases: cases.len(),
        n_raters: heap.raters,
        steps: match heap.steps.iter().collect::<Vec<_>>()[..] {
            [steps] => *steps,
            _ => None,
        },
        unit: "seeds".to_owned(),
        best: false,
        second: false,
        p_adjusted: None,
        difference: None,
        human_range: None,
        flags: flags(heap, expected),
    }
}

/// How many seeds and folds an arm is to have.
#[derive(Debug, Default)]
struct Expected {
    seeds: BTreeSet<Seed>,
    folds: BTreeSet<Option<u32>>,
}

fn expected(runs: &[RunFacts]) -> BTreeMap<&str, Expected> {
    let mut arms: BTreeMap<&str, Expected> = BTreeMap::new();
    for run in runs {
        let arm = arms.entry(&run.arm).or_default();
        arm.seeds.insert(run.seed);
        arm.folds.insert(run.fold);
    }
    arms
}

fn flags(heap: &Heap<'_>, expected: Option<&Expected>) -> Vec<String> {
    let mut flags = Vec::new();
    let Some(expected) = expected else {
        return flags;
    };
    if heap.seeds.len() < expected.seeds.len() {
        flags.push(format!(
            "{} of {} seeds",
            heap.seeds.len(),
            expected.seeds.len()
        ));
    }
    if heap
        .seeds
        .values()
        .any(|folds| folds.len() < expected.folds.len())
    {
        flags.push("folds are missing".to_owned());
    }
    // Every seed of a fold must have met the same cases.
    let mut cases_of_fold: BTreeMap<_, BTreeSet<Vec<&&str>>> = BTreeMap::new();
    for (fold, cases) in heap.seeds.values().flatten() {
        let cases = cases.keys().collect();
        cases_of_fold.entry(fold).or_default().insert(cases);
    }
    if cases_of_fold.values().any(|sets| sets.len() > 1) {
        flags.push("seeds differ in their cases".to_owned());
    }
    if heap.manifests.len() > 1 {
        flags.push("data sets differ in their content".to_owned());
    }
    flags
}

/// Marks the highest and second highest mean of each soft Dice column, among predictions and among fused labels apart: a fusion has
/// seen the test case's labels. Means are compared unrounded; equal ones share.
fn rank(cells: &mut [TableCell], rows: &[&TableRow], columns: &[TableColumn]) {
    for (index, column) in columns.iter().enumerate() {
        if !column.metric.starts_with("soft_dice@") {
            continue;
        }
        for fused in [false, true] {
            let mut ranked: Vec<&mut TableCell> = cells
                .iter_mut()
                .filter(|cell| cell.column == index)
                .filter(|cell| {
                    rows.get(cell.row)
                        .is_some_and(|row| is_fusion(row.output) == fused)
                })
                .collect();
            let mut means: Vec<f64> = ranked.iter().map(|cell| cell.mean).collect();
            means.sort_by(|a, b| b.total_cmp(a));
            means.dedup_by(|a, b| a.total_cmp(b).is_eq());
            let is = |place: usize, mean: f64| {
                means
                    .get(place)
                    .is_some_and(|wanted| wanted.total_cmp(&mean).is_eq())
            };
            for cell in &mut ranked {
                cell.best = is(0, cell.mean);
                cell.second = is(1, cell.mean);
            }
        }
    }
}

/// Whether the raters' own labels of the case were joined.
pub(crate) fn is_fusion(output: Output) -> bool {
    matches!(output, Output::Fused | Output::Fusion(_))
}

/// The mean; NaN of nothing, which no caller asks for.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    sum / f64::from(count)
}

/// The standard deviation with n − 1; none of fewer than two.
pub(super) fn deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let centre = mean(values.iter().copied());
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

fn once_each<'a, T: Clone + Ord + 'a>(items: impl Iterator<Item = &'a T>) -> Vec<T> {
    items
        .collect::<BTreeSet<_>>()
        .into_iter()
        .cloned()
        .collect()
}
