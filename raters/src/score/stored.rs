//! All that is said of test cases once their files stand. A run that has trained and one that is scored again go through here, so
//! that equal files give equal bits.

use mrprism_protocol::spec::{ArbitratedKind, EvaluationSpec, LabelFusion};
use mrprism_protocol::wire::Score;

use super::{human, score_case, score_label_fusions, score_learned_fusion, score_own_fusion};
use crate::DataError;
use crate::case::Case;
use crate::prediction::StoredPrediction;

/// A test case's stored prediction by every measure that `spec` asks for, fusions of its labels with learned confidences among
/// them. `own_fusion` is the method's own way of joining labels, where it has one.
///
/// # Errors
/// A file of another case, size, number of structures or number of raters.
pub fn score_stored(
    case: &Case,
    stored: &StoredPrediction,
    own_fusion: Option<&StoredPrediction>,
    spec: &EvaluationSpec,
    structures: &[String],
    arbitrated: Option<ArbitratedKind>,
) -> Result<Vec<Score>, DataError> {
    let mut scores = score_case(case, stored, spec, structures)?;
    if spec.fusions.contains(&LabelFusion::Learned) {
        scores.extend(score_learned_fusion(
            case, stored, spec, structures, arbitrated,
        )?);
        if let Some(own) = own_fusion {
            scores.extend(score_own_fusion(case, own, spec, structures, arbitrated)?);
        }
    }
    Ok(scores)
}

/// What test cases say without a prediction: the human row, and labels fused without a network.
pub fn score_raters(
    cases: &[Case],
    spec: &EvaluationSpec,
    structures: &[String],
    arbitrated: Option<ArbitratedKind>,
) -> Vec<Score> {
    let mut scores = human(cases, spec, structures);
    scores.extend(score_label_fusions(cases, spec, structures, arbitrated));
    scores
}
