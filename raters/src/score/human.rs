//! The human row: people scored by the code that scores models.

use mrprism_protocol::spec::{EvaluationSpec, Output, Reference, ReferenceFamily};
use mrprism_protocol::wire::Score;

use super::prepared::Prepared;
use super::references::others;
use crate::case::Case;
use crate::fusion::Votes;
use crate::metric::Rule;

/// The human row: each present rater's own mask against the mean of the others, by every metric that scores a map.
///
/// Empty unless `spec` asks for [`ReferenceFamily::LeaveOneOut`]. Metrics of sets and of heads have no human row: one rater is no
/// set, and how the raters agree stands in `pairwise_dice` and `fleiss_kappa`.
pub fn human(cases: &[Case], spec: &EvaluationSpec, structures: &[String]) -> Vec<Score> {
    if !spec.references.contains(&ReferenceFamily::LeaveOneOut) {
        return Vec::new();
    }
    let mut scores = Vec::new();
    for case in cases {
        for (k, structure) in structures.iter().enumerate().take(case.structures()) {
            let raters: Vec<_> = case
                .present_raters()
                .filter_map(|rater| {
                    let own = Votes::hard(&case.mask(rater, k));
                    let others = others(case, k, rater)?;
                    Some((rater, Prepared::votes(own), Prepared::votes(others)))
                })
                .collect();
            for metric in &spec.metrics {
                for (rater, own, others) in &raters {
                    let Some(value) = own.against(others, *metric) else {
                        continue;
                    };
                    let number = *rater as u32 + 1;
                    scores.push(Score {
                        output: Output::Rater(number),
                        recurrence: None,
                        case: case.name.clone(),
                        structure: structure.clone(),
                        reference: Reference::LeaveOneOut(number),
                        metric: Rule::of(*metric).id.to_owned(),
                        value,
                    });
                }
            }
        }
    }
    scores
}
