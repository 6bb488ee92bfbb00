//! Sets of masks: hypotheses against the rater set, and the raters among themselves.

use mrprism_protocol::spec::Metric;
use ndarray::{Array2, ArrayView2};

use crate::case::Case;
use crate::fusion::mean;
use crate::metric::{best_match_dice, fleiss_kappa, ged_squared, pairwise_dice};

/// The hypotheses as a whole against the present raters, where `metric` compares sets.
pub(super) fn of_hypotheses(
    hypotheses: &[Array2<u8>],
    case: &Case,
    structure: usize,
    metric: Metric,
) -> Option<f64> {
    let score = match metric {
        Metric::GedSquared => ged_squared,
        Metric::BestMatchDice => best_match_dice,
        _ => return None,
    };
    let hypotheses: Vec<ArrayView2<'_, u8>> = hypotheses.iter().map(|mask| mask.view()).collect();
    let raters: Vec<_> = case
        .present_raters()
        .map(|rater| case.mask(rater, structure))
        .collect();
    score(&hypotheses, &raters)
}

/// How well the present raters agree, where `metric` says that; none of fewer than two.
pub(super) fn agreement(case: &Case, structure: usize, metric: Metric) -> Option<f64> {
    match metric {
        Metric::PairwiseDice => {
            let pairs = pairwise_dice(case, structure);
            let sum: f64 = pairs.iter().map(|(_, _, dice)| dice).sum();
            (!pairs.is_empty()).then(|| sum / pairs.len() as f64)
        }
        Metric::FleissKappa => fleiss_kappa(&mean(case, structure)?),
        _ => None,
    }
}
