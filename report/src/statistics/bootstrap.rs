//! Bootstrap intervals of a mean (Efron 1987, `BCa`), resampled as the data came about: patients, their cases, the seeds.

use mrprism_raters::draw::Draws;
use statrs::distribution::{ContinuousCDF, Normal};

use super::FEWEST_UNITS;
use super::refusal::{Refusal, finite};

/// Values as they hang together: patient → case → one value a seed. Seeds are the same for every case.
#[derive(Debug, Clone, Copy)]
pub struct Nest<'a>(pub &'a [Vec<Vec<f64>>]);

/// An interval round a mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The mean over cases of the mean over seeds.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The 1 − `alpha` interval from `draws` resamples under `seed`. Each resample draws seeds (alike for all cases: a seed is one training),
/// then patients, then cases of each; bias and acceleration are corrected, the latter by leaving out one patient at a time.
///
/// # Errors
/// Fewer than ten patients, cases with different numbers of seeds or none, or a value that is not finite.
pub fn bootstrap(nest: Nest<'_>, alpha: f64, draws: u32, seed: u64) -> Result<Interval, Refusal> {
    let patients = nest.0;
    let seeds = patients
        .first()
        .and_then(|cases| cases.first())
        .map_or(0, Vec::len);
    let whole =
        |cases: &Vec<Vec<f64>>| !cases.is_empty() && cases.iter().all(|case| case.len() == seeds);
    if seeds == 0 || !patients.iter().all(whole) {
        return Err(Refusal::Ragged);
    }
    finite(patients.iter().flatten().flatten())?;
    let units = patients.len();
    if units < FEWEST_UNITS {
        return Err(Refusal::TooFewForInterval { units });
    }
    let mean = mean_of(patients.iter().flatten());
    let mut starts = vec![0];
    starts.extend(patients.iter().scan(0, |end, cases| {
        *end += cases.len();
        Some(*end)
    }));
    let mut resampled: Vec<f64> = (0..draws.max(1))
        .map(|number| {
            let draws = Draws::new(seed, &[u64::from(number)]);
            resample(patients, &starts, seeds, draws)
        })
        .collect();
    resampled.sort_by(f64::total_cmp);
    let left_out: Vec<f64> = (0..units)
        .map(|out| {
            let others = patients.iter().enumerate().filter(|(at, _)| *at != out);
            mean_of(others.flat_map(|(_, cases)| cases))
        })
        .collect();
    let [low, high] = ends(&resampled, mean, &left_out, alpha);
    Ok(Interval { mean, low, high })
}

fn mean_of<'a>(cases: impl Iterator<Item = &'a Vec<f64>>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for case in cases {
        sum += case.iter().sum::<f64>() / case.len() as f64;
        count += 1.0;
    }
    sum / count
}

/// `starts` says where each patient's cases begin among all, and where the last one's end.
fn resample(patients: &[Vec<Vec<f64>>], starts: &[usize], seeds: usize, draws: Draws) -> f64 {
    let mut counter = 0;
    let mut below = |count: usize| {
        let number = counter;
        counter += 1;
        // Most patients have one case: that draw is known.
        if count == 1 {
            return 0;
        }
        let drawn = draws.uniform(number) * count as f64;
        (drawn as usize).min(count - 1)
    };
    let drawn_seeds: Vec<usize> = (0..seeds).map(|_| below(seeds)).collect();
    // Every case's mean over the drawn seeds, once: a case that is drawn again is the same.
    let over_seeds =
        |case: &Vec<f64>| drawn_seeds.iter().map(|seed| case[*seed]).sum::<f64>() / seeds as f64;
    let means: Vec<f64> = patients.iter().flatten().map(over_seeds).collect();
    let (mut sum, mut count) = (0.0, 0.0);
    for _ in 0..patients.len() {
        let patient = below(patients.len());
        let cases = &means[starts[patient]..starts[patient + 1]];
        for _ in 0..cases.len() {
            sum += cases[below(cases.len())];
            count += 1.0;
        }
    }
    sum / count
}

/// Ends by the corrected quantiles of sorted resamples.
fn ends(resampled: &[f64], mean: f64, left_out: &[f64], alpha: f64) -> [f64; 2] {
    let normal = Normal::standard();
    let count = resampled.len() as f64;
    let below = resampled.partition_point(|value| *value < mean) as f64;
    let not_above = resampled.partition_point(|value| *value <= mean) as f64;
    // Half a resample from the ends, where every one lies on one side.
    let share = (f64::midpoint(below, not_above) / count).clamp(0.5 / count, 1.0 - 0.5 / count);
    let bias = normal.inverse_cdf(share);
    let centre = left_out.iter().sum::<f64>() / left_out.len() as f64;
    let power = |exponent| -> f64 {
        let gaps = left_out.iter().map(|value| (centre - value).powi(exponent));
        gaps.sum()
    };
    let spread = power(2).powf(1.5);
    let acceleration = if spread > 0.0 {
        power(3) / (6.0 * spread)
    } else {
        0.0
    };
    [alpha / 2.0, 1.0 - alpha / 2.0].map(|level| {
        let z = bias + normal.inverse_cdf(level);
        quantile(resampled, normal.cdf(bias + z / (1.0 - acceleration * z)))
    })
}

/// Linear between neighbours, as numpy's default.
fn quantile(sorted: &[f64], level: f64) -> f64 {
    let place = level.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (floor, rest) = (place.floor(), place.fract());
    let at = floor as usize;
    let next = sorted[(at + 1).min(sorted.len() - 1)];
    sorted[at] + rest * (next - sorted[at])
}
