//! Scores in long form: a stored prediction, or the raters themselves, against each reference.
//!
//! Without arbitrated masks a model is compared with people through the leave-one-out references: rater r against the mean of
//! the others ([`human`]) beside the prediction against that same mean.

use mrprism_protocol::spec::{EvaluationSpec, Metric, Output, Reference, ReferenceFamily};
use mrprism_protocol::wire::Score;
use ndarray::s;

use crate::DataError;
use crate::case::Case;
use crate::fusion::{Masks, StapleOptions, Votes, majority, mean, staple};
use crate::metric::{Levels, Rule, area, change, confidence_spread, soft_dice};
use crate::prediction::{StoredPrediction, map_from_fixed};

/// Scores one case's stored prediction: every recurrence and structure against each asked reference, and alone.
///
/// * `soft_dice@1` against mean, majority, STAPLE, arbitrated (skipped where the case has none), each present rater, and each present
///   rater's leave-one-out mean (skipped where nobody else is present).
/// * `area@1`, `change@1` (from Rec1 on) and `confidence_spread@1` (where confidences are stored) with [`Reference::Alone`].
///
/// # Errors
/// A prediction of another case, size or number of structures.
pub fn score_case(
    case: &Case,
    stored: &StoredPrediction,
    spec: &EvaluationSpec,
    structures: &[String],
) -> Result<Vec<Score>, DataError> {
    check_fit(case, stored, structures)?;
    let recurrences = stored.prediction.dim().0;
    let mut scores = Vec::new();
    for (k, structure) in structures.iter().enumerate() {
        let references = references(case, k, &spec.references);
        for recurrence in 0..recurrences {
            let map = map_from_fixed(&stored.prediction.slice(s![recurrence, k, .., ..]));
            let mut push = |reference, rule: Rule, value| {
                scores.push(Score {
                    output: Output::Prediction,
                    recurrence: Some(recurrence as u32),
                    case: case.name.clone(),
                    structure: structure.clone(),
                    reference,
                    metric: rule.id.to_owned(),
                    value,
                });
            };
            for metric in &spec.metrics {
                match metric {
                    Metric::SoftDice => {
                        let levels = Levels::of_map(&map);
                        for (reference, truth) in &references {
                            push(*reference, Rule::SOFT_DICE, soft_dice(&levels, truth));
                        }
                    }
                }
            }
            push(Reference::Alone, Rule::AREA, area(&map));
            if recurrence > 0 {
                let before =
                    map_from_fixed(&stored.prediction.slice(s![recurrence - 1, k, .., ..]));
                let value = change(&map, &before);
                push(Reference::Alone, Rule::CHANGE, value);
            }
            let confidences = stored.confidences.slice(s![recurrence, .., k, .., ..]);
            if !confidences.is_empty() {
                let value = confidence_spread(&map_from_fixed(&confidences));
                push(Reference::Alone, Rule::CONFIDENCE_SPREAD, value);
            }
        }
    }
    Ok(scores)
}

/// The human row: each present rater's own mask against the mean of the others.
///
/// Empty unless `spec` asks for [`ReferenceFamily::LeaveOneOut`].
pub fn human(cases: &[Case], spec: &EvaluationSpec, structures: &[String]) -> Vec<Score> {
    if !spec.references.contains(&ReferenceFamily::LeaveOneOut) {
        return Vec::new();
    }
    let mut scores = Vec::new();
    for case in cases {
        for (k, structure) in structures.iter().enumerate().take(case.structures()) {
            for metric in &spec.metrics {
                for rater in case.present_raters() {
                    let Some(others) = others(case, k, rater) else {
                        continue;
                    };
                    let own = Levels::of_votes(&Votes::hard(&case.mask(rater, k)));
                    let (rule, value) = match metric {
                        Metric::SoftDice => {
                            (Rule::SOFT_DICE, soft_dice(&own, &Levels::of_votes(&others)))
                        }
                    };
                    let number = rater as u32 + 1;
                    scores.push(Score {
                        output: Output::Rater(number),
                        recurrence: None,
                        case: case.name.clone(),
                        structure: structure.clone(),
                        reference: Reference::LeaveOneOut(number),
                        metric: rule.id.to_owned(),
                        value,
                    });
                }
            }
        }
    }
    scores
}

fn check_fit(
    case: &Case,
    stored: &StoredPrediction,
    structures: &[String],
) -> Result<(), DataError> {
    let (_, predicted, height, width) = stored.prediction.dim();
    let refuse = |message: String| Err(DataError::case(&case.name, message));
    if stored.case != case.name {
        return refuse(format!(
            "the stored prediction is of case '{}'",
            stored.case
        ));
    }
    if !stored.is_consistent() || (height, width) != case.side() {
        let (h, w) = case.side();
        return refuse(format!(
            "the stored prediction has {height}x{width} pixels and the case {h}x{w}: predict again at this size"
        ));
    }
    if predicted != structures.len() || case.structures() != structures.len() {
        return refuse(format!(
            "the stored prediction has {predicted} structures, the case {} and the run {}: predict again",
            case.structures(),
            structures.len()
        ));
    }
    Ok(())
}

/// The mean of every present rater but `rater`.
fn others(case: &Case, structure: usize, rater: usize) -> Option<Votes> {
    Votes::count(
        case,
        structure,
        case.present_raters().filter(|other| *other != rater),
    )
}

/// Every reference of one structure that this case has, in the order asked, as levels.
fn references(
    case: &Case,
    structure: usize,
    families: &[ReferenceFamily],
) -> Vec<(Reference, Levels)> {
    let votes = |reference, votes: Votes| (reference, Levels::of_votes(&votes));
    let each_rater = |make: &dyn Fn(usize) -> Option<(Reference, Votes)>| {
        let made = case.present_raters().filter_map(make);
        made.map(|(reference, of)| votes(reference, of)).collect()
    };
    families
        .iter()
        .flat_map(|family| -> Vec<_> {
            match family {
                ReferenceFamily::Mean => mean(case, structure)
                    .map(|mean| votes(Reference::Mean, mean))
                    .into_iter()
                    .collect(),
                ReferenceFamily::Majority => majority(case, structure)
                    .map(|majority| votes(Reference::Majority, majority))
                    .into_iter()
                    .collect(),
                ReferenceFamily::Staple => Masks::of_case(case, structure)
                    .map(|masks| staple(&masks, &StapleOptions::default()))
                    .map(|estimate| (Reference::Staple, Levels::of_map(&estimate.map)))
                    .into_iter()
                    .collect(),
                ReferenceFamily::Arbitrated => case
                    .arbitrated
                    .iter()
                    .map(|masks| {
                        let mask = masks.slice(s![structure, .., ..]);
                        votes(Reference::Arbitrated, Votes::hard(&mask))
                    })
                    .collect(),
                ReferenceFamily::Raters => each_rater(&|rater| {
                    let number = rater as u32 + 1;
                    Some((
                        Reference::Rater(number),
                        Votes::hard(&case.mask(rater, structure)),
                    ))
                }),
                ReferenceFamily::LeaveOneOut => each_rater(&|rater| {
                    let number = rater as u32 + 1;
                    Some((
                        Reference::LeaveOneOut(number),
                        others(case, structure, rater)?,
                    ))
                }),
            }
        })
        .collect()
}
