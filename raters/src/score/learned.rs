//! Scoring the fusion of a test case's own labels with the confidences that a run predicted for it (paper, Table 3, Eq. 5).
//!
//! The confidences come from the image alone; the labels are the raters'. As for every fusion, a reference never holds the masks
//! that were fused: each rater is held out in turn and met by the others, whose confidences are made to sum to 1 again.

use mrprism_protocol::spec::{ArbitratedKind, EvaluationSpec, Output, Reference};
use mrprism_protocol::wire::Score;
use ndarray::{Array2, s};

use super::check_fit;
use super::prepared::Prepared;
use crate::DataError;
use crate::case::Case;
use crate::fusion::{LearnedFusion, Masks, Votes};
use crate::metric::Rule;
use crate::prediction::StoredPrediction;

/// Scores [`Output::Fused`] of every recurrence and structure by every metric that scores a map.
///
/// * Against [`Reference::Rater`], each present rater who is not alone: the fusion of the others.
/// * Against [`Reference::Arbitrated`]: the fusion of every present rater; skipped where the case has no arbitrated mask, and where
///   `arbitrated` says that it is STAPLE of these very raters.
///
/// Nothing where no confidences are stored.
///
/// # Errors
/// A prediction of another case, size, number of structures or number of raters.
pub fn score_learned_fusion(
    case: &Case,
    stored: &StoredPrediction,
    spec: &EvaluationSpec,
    structures: &[String],
    arbitrated: Option<ArbitratedKind>,
) -> Result<Vec<Score>, DataError> {
    check_fit(case, stored, structures)?;
    let (recurrences, raters, ..) = stored.confidences.dim();
    let mut scores = Vec::new();
    if raters == 0 {
        return Ok(scores);
    }
    if raters != case.raters() {
        return Err(DataError::case(
            &case.name,
            format!(
                "the stored prediction has confidences for {raters} raters and the case has {}: predict again",
                case.raters()
            ),
        ));
    }
    let is_independent = arbitrated != Some(ArbitratedKind::Staple);
    for (k, structure) in structures.iter().enumerate() {
        let Some(masks) = Masks::of_case(case, k) else {
            continue;
        };
        let truth = case.arbitrated.as_ref().filter(|_| is_independent);
        let truth = truth.map(|masks| Prepared::votes(Votes::hard(&masks.slice(s![k, .., ..]))));
        let others: Vec<_> = masks
            .iter()
            .map(|(slot, mask)| (slot, Prepared::votes(Votes::hard(&mask))))
            .collect();
        for recurrence in 0..recurrences {
            let confidences = stored.confidences.slice(s![recurrence, .., k, .., ..]);
            let Some(fusion) = LearnedFusion::new(&masks, confidences) else {
                continue;
            };
            let mut push = |map: Array2<f32>, truth: &Prepared, reference| {
                let map = Prepared::map(map);
                for metric in &spec.metrics {
                    let Some(value) = map.against(truth, *metric) else {
                        continue;
                    };
                    scores.push(Score {
                        output: Output::Fused,
                        recurrence: Some(recurrence as u32),
                        case: case.name.clone(),
                        structure: structure.clone(),
                        reference,
                        metric: Rule::of(*metric).id.to_owned(),
                        value,
                    });
                }
            };
            if let Some(truth) = &truth {
                push(fusion.map(), truth, Reference::Arbitrated);
            }
            for (slot, mask) in &others {
                if let Some(map) = fusion.without(*slot) {
                    push(map, mask, Reference::Rater(*slot as u32 + 1));
                }
            }
        }
    }
    Ok(scores)
}
