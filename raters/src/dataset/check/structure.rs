//! One structure's masks over all cases: how much is marked, how raters agree, who draws large.

use serde::Serialize;

use super::super::Dataset;
use super::seen::Seen;

/// One structure's masks over all cases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StructureReport {
    /// The structure.
    pub name: String,
    /// Share of the image's pixels that a mask marks, over all masks of present raters.
    pub prevalence: Option<Summary>,
    /// Dice over all pairs of present raters and all cases; none where no case has two raters.
    pub pairwise_dice: Option<Summary>,
    /// Dice of each pair of raters over the cases that both marked.
    pub pairs: Vec<PairAgreement>,
    /// One entry a rater.
    pub areas: Vec<AreaBias>,
    /// Masks of present raters without a marked pixel.
    pub empty_masks: u32,
}

/// Mean, standard deviation (n − 1; 0 for one value), least and greatest value, and count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
    /// How many values.
    pub count: u32,
}

impl Summary {
    /// Of some values; none of nothing.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (count > 0).then(|| Self {
            mean,
            sd: (squares / (count.max(2) - 1) as f64).sqrt(),
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            count: count as u32,
        })
    }
}

/// How well two raters agree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PairAgreement {
    /// One rater, from 1.
    pub first: u32,
    /// The other, from 1.
    pub second: u32,
    /// Dice over the cases that both marked.
    pub dice: Summary,
}

/// How large one rater draws one structure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AreaBias {
    /// The rater's area divided by the mean area of the case's raters, averaged over the cases where that mean is not 0.
    pub mean_relative_area: Option<f64>,
    /// Cases in which no rater's mask is larger.
    pub largest_in: u32,
    /// Cases in which no rater's mask is smaller.
    pub smallest_in: u32,
}

/// Structure number `k`.
pub(super) fn report(dataset: &Dataset, k: usize, seen: &[Seen]) -> StructureReport {
    let raters = dataset.raters.len();
    let all: Vec<f64> = seen
        .iter()
        .flat_map(|case| case.pairs[k].iter().map(|(_, _, dice)| *dice))
        .collect();
    let areas = || seen.iter().map(|case| &case.areas[k]);
    let shares: Vec<f64> = seen
        .iter()
        .flat_map(|case| {
            let marked = case.areas[k].iter().flatten();
            marked.map(|area| *area as f64 / case.pixels as f64)
        })
        .collect();
    let empty = areas().flatten().filter(|area| **area == Some(0)).count();
    StructureReport {
        name: dataset.definition.structures[k].clone(),
        prevalence: Summary::of(&shares),
        pairwise_dice: Summary::of(&all),
        pairs: pairs(raters, k, seen),
        areas: (0..raters).map(|rater| area_bias(rater, areas())).collect(),
        empty_masks: empty as u32,
    }
}

fn pairs(raters: usize, k: usize, seen: &[Seen]) -> Vec<PairAgreement> {
    let mut of_pair = vec![Vec::new(); raters * raters];
    for (first, second, dice) in seen.iter().flat_map(|case| &case.pairs[k]) {
        of_pair[first * raters + second].push(*dice);
    }
    let agreement = |(place, values): (usize, &Vec<f64>)| {
        Some(PairAgreement {
            first: (place / raters + 1) as u32,
            second: (place % raters + 1) as u32,
            dice: Summary::of(values)?,
        })
    };
    of_pair.iter().enumerate().filter_map(agreement).collect()
}

fn area_bias<'a>(rater: usize, cases: impl Iterator<Item = &'a Vec<Option<u64>>>) -> AreaBias {
    let mut relative = Vec::new();
    let (mut largest_in, mut smallest_in) = (0, 0);
    for areas in cases {
        let Some(own) = areas[rater] else { continue };
        let present: Vec<u64> = areas.iter().flatten().copied().collect();
        let mean = present.iter().sum::<u64>() as f64 / present.len() as f64;
        if mean > 0.0 {
            relative.push(own as f64 / mean);
            largest_in += u32::from(present.iter().all(|other| *other <= own));
            smallest_in += u32::from(present.iter().all(|other| *other >= own));
        }
    }
    AreaBias {
        mean_relative_area: Summary::of(&relative).map(|summary| summary.mean),
        largest_in,
        smallest_in,
    }
}
