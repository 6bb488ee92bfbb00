//! Raters whose files were exchanged in part of the cases.
//!
//! Two raters' masks are taken to be exchanged where, in a run of cases by name, each rater's habits fit the other's masks far
//! better. Habits are, for each rater, the logarithm of the area relative to the case's mean, and, for each pair, their Dice
//! relative to the case's mean; both as median and robust spread over all cases, so that an exchange in less than half of them
//! shows. A case's evidence is half the difference of squared deviations, held within ±4; a run is told from a sum of 12 on,
//! so from three cases on (undisturbed sets of 5 and 7 raters stay below 8 in every pair). Raters with like habits cannot be
//! told apart, and an exchange in every case is no exchange.

use super::super::Dataset;
use super::finding::{Finding, FindingKind};
use super::robust::Robust;
use super::seen::Seen;

/// Fewer cases show no habit.
pub(super) const CASES_FOR_A_HABIT: usize = 8;
const STRONGEST_OF_A_CASE: f64 = 4.0;
const STRONGEST_DEVIATION: f64 = 5.0;
const ENOUGH_EVIDENCE: f64 = 12.0;
/// Habits vary by at least this: a natural logarithm of area, and a Dice.
const LEAST_SPREAD: f64 = 0.02;

/// Runs of cases in which two raters' masks fit each other's habits.
pub(super) fn swapped(dataset: &Dataset, seen: &[Seen]) -> Option<Finding> {
    let habits: Vec<_> = (0..dataset.definition.structures.len())
        .map(|k| Habits::of(seen, k, dataset.raters.len()))
        .collect();
    if seen.len() < CASES_FOR_A_HABIT {
        return None;
    }
    let raters = dataset.raters.len();
    let mut runs = Vec::new();
    for a in 0..raters {
        for b in a + 1..raters {
            let evidence = (0..seen.len()).map(|case| {
                let sum: f64 = habits
                    .iter()
                    .map(|habits| habits.evidence(case, a, b))
                    .sum();
                let mean = sum / habits.len().max(1) as f64;
                mean.clamp(-STRONGEST_OF_A_CASE, STRONGEST_OF_A_CASE)
            });
            if let Some(run) = strongest_run(evidence) {
                runs.push((a, b, run));
            }
        }
    }
    // A pair that was exchanged also looks a little like others: the strongest explanation of a rater is told alone.
    runs.sort_by(|x, y| y.2.sum.total_cmp(&x.2.sum));
    let mut told = vec![false; raters];
    let mut items = Vec::new();
    for (a, b, run) in runs {
        if run.sum >= ENOUGH_EVIDENCE && !told[a] && !told[b] {
            (told[a], told[b]) = (true, true);
            items.push(format!(
                "raters {} and {} in {} to {} ({} cases)",
                dataset.raters[a],
                dataset.raters[b],
                seen[run.first].name,
                seen[run.last].name,
                run.last - run.first + 1
            ));
        }
    }
    Finding::of(
        FindingKind::SwappedRaters,
        "pairs of raters who look exchanged in a run of cases",
        "area and agreement fit the other's habit: compare their files",
        items,
    )
}

/// Logarithm of a rater's area relative to the mean of the case's raters; nothing where the rater is absent.
pub(super) fn relative_area(areas: &[Option<u64>], rater: usize) -> Option<f64> {
    let own = areas[rater]?;
    let present: Vec<_> = areas.iter().flatten().collect();
    let mean = present.iter().copied().sum::<u64>() as f64 / present.len() as f64;
    Some(((own as f64 + 1.0) / (mean + 1.0)).ln())
}

/// What raters do in one structure, case by case and as a habit.
struct Habits {
    raters: usize,
    /// `[case][rater]`.
    areas: Vec<Vec<Option<f64>>>,
    /// `[case][rater * raters + other]`: Dice relative to the case's mean.
    dice: Vec<Vec<Option<f64>>>,
    area_habit: Vec<Option<Robust>>,
    dice_habit: Vec<Option<Robust>>,
}

impl Habits {
    fn of(seen: &[Seen], k: usize, raters: usize) -> Self {
        let areas: Vec<Vec<_>> = seen
            .iter()
            .map(|case| {
                (0..raters)
                    .map(|m| relative_area(&case.areas[k], m))
                    .collect()
            })
            .collect();
        let dice: Vec<_> = seen
            .iter()
            .map(|case| relative_dice(&case.pairs[k], raters))
            .collect();
        let habits = |of_case: &[Vec<Option<f64>>], count: usize| {
            let habit = |i: usize| {
                let values: Vec<f64> = of_case.iter().filter_map(|values| values[i]).collect();
                Robust::of(&values, LEAST_SPREAD)
            };
            (0..count).map(habit).collect()
        };
        Self {
            raters,
            area_habit: habits(&areas, raters),
            dice_habit: habits(&dice, raters * raters),
            areas,
            dice,
        }
    }

    /// How much better one case fits raters `a` and `b` exchanged; negative where it fits as it is.
    fn evidence(&self, case: usize, a: usize, b: usize) -> f64 {
        let areas = exchange(&self.areas[case], &self.area_habit, a, b);
        let others = (0..self.raters).filter(|other| *other != a && *other != b);
        let of_others: Vec<f64> = others
            .filter_map(|other| {
                let (a, b) = (a * self.raters + other, b * self.raters + other);
                exchange(&self.dice[case], &self.dice_habit, a, b)
            })
            .collect();
        // The others agree among themselves, so their word counts once.
        let agreement = of_others.iter().sum::<f64>() / of_others.len().max(1) as f64;
        areas.unwrap_or(0.0) + agreement
    }
}

/// Half the squared deviations from the own habits less those from each other's; nothing where a value is missing.
fn exchange(values: &[Option<f64>], habits: &[Option<Robust>], a: usize, b: usize) -> Option<f64> {
    let squared = |value: f64, habit: Robust| {
        let deviation = habit.deviation(value);
        (deviation * deviation).min(STRONGEST_DEVIATION * STRONGEST_DEVIATION)
    };
    let (of_a, of_b) = (values[a]?, values[b]?);
    let (habit_a, habit_b) = (habits[a]?, habits[b]?);
    let own = squared(of_a, habit_a) + squared(of_b, habit_b);
    let exchanged = squared(of_b, habit_a) + squared(of_a, habit_b);
    Some((own - exchanged) / 2.0)
}

fn relative_dice(pairs: &[(usize, usize, f64)], raters: usize) -> Vec<Option<f64>> {
    let mean = pairs.iter().map(|(_, _, dice)| dice).sum::<f64>() / pairs.len().max(1) as f64;
    let mut relative = vec![None; raters * raters];
    for (a, b, dice) in pairs {
        relative[a * raters + b] = Some(dice - mean);
        relative[b * raters + a] = Some(dice - mean);
    }
    relative
}

/// Cases one after the other, and the sum of their evidence.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Run {
    first: usize,
    last: usize,
    sum: f64,
}

/// The run with the greatest positive sum (Kadane).
fn strongest_run(evidence: impl Iterator<Item = f64>) -> Option<Run> {
    let mut best: Option<Run> = None;
    let mut current: Option<Run> = None;
    for (case, value) in evidence.enumerate() {
        let run = match current {
            Some(run) if run.sum > 0.0 => Run {
                last: case,
                sum: run.sum + value,
                ..run
            },
            _ => Run {
                first: case,
                last: case,
                sum: value,
            },
        };
        current = Some(run);
        if run.sum > best.map_or(0.0, |best| best.sum) {
            best = current;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::{Run, strongest_run};

    #[test]
    fn the_strongest_run_bridges_a_weak_case() {
        let run = strongest_run([-3.0, 2.0, 4.0, -1.0, 4.0, -9.0, 3.0].into_iter());
        assert_eq!(
            run,
            Some(Run {
                first: 1,
                last: 4,
                sum: 9.0
            })
        );
        assert_eq!(strongest_run([-1.0, -2.0].into_iter()), None);
    }
}
