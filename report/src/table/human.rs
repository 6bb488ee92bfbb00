//! The human row: each rater against the reference made of the others, by the same code.

use std::collections::{BTreeMap, BTreeSet};

use mrprism_protocol::spec::{Output, RaterIdentity, Reference};
use mrprism_protocol::wire::HumanCell;

use super::cells::{deviation, mean};
use super::order::{Order, metric};
use crate::results::Scored;

/// Above this, two runs' values of the same rater, case and metric differ.
const ROUNDING: f64 = 1e-9;

/// The human row and what is to be said of it.
#[derive(Debug)]
pub(super) struct Human {
    pub(super) cells: Vec<HumanCell>,
    /// Whether arms see the raters' masks differently (at another size); the first run's values are shown.
    pub(super) differs: bool,
}

/// Data set, structure and metric.
type Column<'a> = (&'a str, &'a str, &'a str);
/// Rater → case → value.
type Raters<'a> = BTreeMap<u32, BTreeMap<&'a str, f64>>;

/// Every run scores the raters of its own test cases again: equal keys are shown once.
pub(super) fn of(scored: &[Scored<'_>], order: &Order) -> Human {
    let mut columns: BTreeMap<Column<'_>, (Raters<'_>, bool)> = BTreeMap::new();
    let mut differs = false;
    for found in scored {
        let score = found.score;
        let (Output::Rater(rater), Reference::LeaveOneOut(left_out)) =
            (score.output, score.reference)
        else {
            continue;
        };
        if rater != left_out {
            continue;
        }
        let dataset = &found.run.spec.dataset;
        let column = (
            dataset.name.as_str(),
            score.structure.as_str(),
            score.metric.as_str(),
        );
        let (raters, stable) = columns.entry(column).or_default();
        *stable = dataset.rater_identity == RaterIdentity::Stable;
        let value = *raters
            .entry(rater)
            .or_default()
            .entry(&score.case)
            .or_insert(score.value);
        differs |= (value - score.value).abs() > ROUNDING;
    }
    let mut columns: Vec<_> = columns.into_iter().collect();
    columns.sort_by_cached_key(|((dataset, structure, name), _)| {
        (order.structure(dataset, structure), metric(name))
    });
    let cells = columns
        .iter()
        .flat_map(|(column, (raters, stable))| cells(*column, raters, *stable))
        .collect();
    Human { cells, differs }
}

/// One cell a rater, where slots are persons, and one for their mean.
fn cells(
    (dataset, structure, metric): Column<'_>,
    raters: &Raters<'_>,
    stable: bool,
) -> Vec<HumanCell> {
    let cell = |rater, mean, sd, n_cases| HumanCell {
        dataset: dataset.to_owned(),
        structure: structure.to_owned(),
        rater,
        metric: metric.to_owned(),
        mean,
        sd,
        n_cases,
    };
    let means: Vec<f64> = raters
        .values()
        .map(|cases| mean(cases.values().copied()))
        .collect();
    let all_cases: BTreeSet<_> = raters.values().flat_map(BTreeMap::keys).collect();
    let mut cells = Vec::new();
    if stable {
        for ((rater, cases), mean) in raters.iter().zip(&means) {
            cells.push(cell(Some(*rater), *mean, None, cases.len()));
        }
    }
    let sd = if stable { deviation(&means) } else { None };
    cells.push(cell(None, mean(means.iter().copied()), sd, all_cases.len()));
    cells
}
