//! Scoring the fusion of a test case's own labels that a trained method makes (paper, Table 3): with the confidences that it
//! predicts (Eq. 5), or in a way of its own.
//!
//! Confidences come from the image alone; the labels are the raters'. As for every fusion, a reference never holds the masks
//! that were fused: each rater is held out in turn and met by the others, whose confidences are made to sum to 1 again.

use mrprism_protocol::spec::{ArbitratedKind, EvaluationSpec, Output, Reference};
use mrprism_protocol::wire::Score;
use ndarray::{Array2, ArrayView2, s};

use super::check_fit;
use super::prepared::Prepared;
use crate::DataError;
use crate::case::Case;
use crate::fusion::{LearnedFusion, Masks, Votes};
use crate::metric::Rule;
use crate::prediction::{StoredPrediction, map_from_fixed};

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
    refuse_other_raters(case, raters, "confidences")?;
    for (k, structure) in structures.iter().enumerate() {
        let Some(masks) = Masks::of_case(case, k) else {
            continue;
        };
        let part = Part::new(case, k, structure, &masks, arbitrated);
        for recurrence in 0..recurrences {
            let confidences = stored.confidences.slice(s![recurrence, .., k, .., ..]);
            let Some(fusion) = LearnedFusion::new(&masks, confidences) else {
                continue;
            };
            scores.extend(part.score(
                Some(recurrence as u32),
                spec,
                || fusion.map(),
                |slot| fusion.without(slot),
            ));
        }
    }
    Ok(scores)
}

/// Scores [`Output::Fused`] of a method that joins labels in its own way, as [`score_learned_fusion`] does and without a
/// recurrence: `stored.prediction` is the fusion of every present rater, `stored.heads` at rater r the fusion of the others.
///
/// # Errors
/// A file of another case, size, number of structures or number of raters.
pub fn score_own_fusion(
    case: &Case,
    stored: &StoredPrediction,
    spec: &EvaluationSpec,
    structures: &[String],
    arbitrated: Option<ArbitratedKind>,
) -> Result<Vec<Score>, DataError> {
    check_fit(case, stored, structures)?;
    refuse_other_raters(case, stored.heads.dim().1, "fusions")?;
    let mut scores = Vec::new();
    for (k, structure) in structures.iter().enumerate() {
        let Some(masks) = Masks::of_case(case, k) else {
            continue;
        };
        let others = |slot| {
            let map = map_from_fixed(&stored.heads.slice(s![0, slot, k, .., ..]));
            (masks.slots().len() > 1).then_some(map)
        };
        let all = || map_from_fixed(&stored.prediction.slice(s![0, k, .., ..]));
        let part = Part::new(case, k, structure, &masks, arbitrated);
        scores.extend(part.score(None, spec, all, others));
    }
    Ok(scores)
}

fn refuse_other_raters(case: &Case, raters: usize, what: &str) -> Result<(), DataError> {
    if raters == case.raters() {
        return Ok(());
    }
    Err(DataError::case(
        &case.name,
        format!(
            "the stored prediction has {what} for {raters} raters and the case has {}: predict again",
            case.raters()
        ),
    ))
}

/// One structure of a case, with what its fusions are scored against.
struct Part<'a> {
    case: &'a Case,
    structure: &'a str,
    arbitrated: Option<Prepared>,
    raters: Vec<(usize, Prepared)>,
}

impl<'a> Part<'a> {
    fn new(
        case: &'a Case,
        k: usize,
        structure: &'a str,
        masks: &Masks<'_>,
        arbitrated: Option<ArbitratedKind>,
    ) -> Self {
        let is_independent = arbitrated != Some(ArbitratedKind::Staple);
        let truth = case.arbitrated.as_ref().filter(|_| is_independent);
        let hard = |mask: ArrayView2<'_, u8>| Prepared::votes(Votes::hard(&mask));
        Self {
            case,
            structure,
            arbitrated: truth.map(|masks| hard(masks.slice(s![k, .., ..]))),
            raters: masks
                .iter()
                .map(|(slot, mask)| (slot, hard(mask)))
                .collect(),
        }
    }

    fn score(
        &self,
        recurrence: Option<u32>,
        spec: &EvaluationSpec,
        all: impl Fn() -> Array2<f32>,
        without: impl Fn(usize) -> Option<Array2<f32>>,
    ) -> Vec<Score> {
        let mut scores = Vec::new();
        let mut push = |map: Array2<f32>, truth: &Prepared, reference| {
            let map = Prepared::map(map);
            for metric in &spec.metrics {
                let Some(value) = map.against(truth, *metric) else {
                    continue;
                };
                scores.push(Score {
                    output: Output::Fused,
                    recurrence,
                    case: self.case.name.clone(),
                    structure: self.structure.to_owned(),
                    reference,
                    metric: Rule::of(*metric).id.to_owned(),
                    value,
                });
            }
        };
        if let Some(truth) = &self.arbitrated {
            push(all(), truth, Reference::Arbitrated);
        }
        for (slot, mask) in &self.raters {
            if let Some(map) = without(*slot) {
                push(map, mask, Reference::Rater(*slot as u32 + 1));
            }
        }
        scores
    }
}
