//! What planned cells would cost, from what runs like them took. Nothing is guessed: where nothing was measured, nothing is said.

use std::collections::BTreeMap;

use mrprism_protocol::spec::{DatasetCard, RunSpec};
use mrprism_protocol::wire::{Basis, CellCost, Likeness, PlanEstimate};

use crate::db::plans::{History, Measured};

/// Optimiser steps of a run; none where it counts in epochs and the number of training cases is unknown, as it is for a fold.
pub(super) fn steps(spec: &RunSpec, fold: Option<u32>, card: Option<&DatasetCard>) -> Option<u64> {
    if spec.train.steps.is_some() {
        return spec.train.steps;
    }
    let cases = *card?.cases.get("train").filter(|_| fold.is_none())?;
    Some(spec.train.total_steps(cases as usize))
}

/// What one cell would cost, by the nearest runs that were measured.
pub(super) fn cost(spec: &RunSpec, steps: Option<u64>, history: &History) -> CellCost {
    let pixels = f64::from(spec.size).powi(2) * f64::from(spec.train.batch);
    let timed = nearest(history, |measured| {
        (measured.seconds_a_step, measured.timed)
    });
    let weighed = nearest(history, |measured| (measured.bytes, measured.weighed));
    let seconds = timed.zip(steps).map(|((a_step, basis), steps)| {
        let scale = if basis.like == Likeness::Kind {
            pixels
        } else {
            1.0
        };
        (a_step * scale * steps as f64, basis)
    });
    CellCost {
        train_seconds: seconds.map(|(seconds, _)| seconds),
        train_basis: seconds.map(|(_, basis)| basis),
        bytes: weighed.map(|(bytes, _)| bytes),
        bytes_basis: weighed.map(|(_, basis)| basis),
    }
}

fn nearest(
    history: &History,
    of: impl Fn(&Measured) -> (Option<f64>, u64),
) -> Option<(f64, Basis)> {
    let levels = [
        (Likeness::Spec, &history.spec),
        (Likeness::Network, &history.network),
        (Likeness::Kind, &history.kind),
    ];
    levels.into_iter().find_map(|(like, measured)| {
        let (value, runs) = of(measured);
        value.map(|value| (value, Basis { like, runs }))
    })
}

/// What cells would cost together on so many devices.
pub(super) fn sum<'a>(costs: impl Iterator<Item = &'a CellCost>, devices: u64) -> PlanEstimate {
    let mut estimate = PlanEstimate {
        devices,
        ..PlanEstimate::default()
    };
    let mut bases = BTreeMap::new();
    for cost in costs {
        match cost.train_seconds {
            Some(seconds) => *estimate.train_seconds.get_or_insert(0.0) += seconds,
            None => estimate.train_unknown += 1,
        }
        match cost.bytes {
            Some(bytes) => *estimate.bytes.get_or_insert(0.0) += bytes,
            None => estimate.bytes_unknown += 1,
        }
        if let Some(basis) = cost.train_basis {
            *bases.entry(basis).or_insert(0) += 1;
        }
    }
    if devices > 0 && estimate.train_unknown == 0 {
        estimate.wall_seconds = estimate
            .train_seconds
            .map(|seconds| seconds / devices as f64);
    }
    estimate.bases = bases.into_iter().collect();
    estimate
}

#[cfg(test)]
mod tests {
    use mrprism_protocol::wire::{Basis, CellCost, Likeness};

    use super::{nearest, sum};
    use crate::db::plans::{History, Measured};

    fn measured(seconds: f64, timed: u64) -> Measured {
        Measured {
            seconds_a_step: Some(seconds),
            timed,
            ..Measured::default()
        }
    }

    #[test]
    fn the_nearest_runs_are_believed() {
        let of = |measured: &Measured| (measured.seconds_a_step, measured.timed);
        let mut history = History::default();
        assert_eq!(nearest(&history, of), None);
        history.kind = measured(3.0, 9);
        assert_eq!(nearest(&history, of).unwrap().1.like, Likeness::Kind);
        history.network = measured(2.0, 4);
        history.spec = measured(1.0, 2);
        let basis = Basis {
            like: Likeness::Spec,
            runs: 2,
        };
        assert_eq!(nearest(&history, of), Some((1.0, basis)));
    }

    #[test]
    fn what_is_unknown_is_counted_and_makes_the_wall_time_unknown() {
        let known = CellCost {
            train_seconds: Some(6.0),
            ..CellCost::default()
        };
        let both = sum([known, known].iter(), 3);
        assert_eq!(
            (both.train_seconds, both.wall_seconds),
            (Some(12.0), Some(4.0))
        );
        let half = sum([known, CellCost::default()].iter(), 3);
        assert_eq!((half.train_seconds, half.train_unknown), (Some(6.0), 1));
        assert_eq!((half.wall_seconds, half.bytes), (None, None));
    }
}
