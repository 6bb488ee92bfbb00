//! Scores in long form: a stored prediction, maps from files, or raters' masks fused, or the raters themselves,
//! against each reference.
//!
//! Without arbitrated masks a model is compared with people through the leave-one-out references: rater r against the mean of
//! the others ([`human`]) beside the prediction against that same mean.

mod fusions;
mod human;
mod learned;
mod prepared;
mod references;
mod sets;
mod sheet;
mod stored;

use mrprism_protocol::spec::{EvaluationSpec, Metric, Output, Reference};
use mrprism_protocol::wire::Score;
use ndarray::{Array2, Axis, s};

use self::prepared::Prepared;
use self::sheet::Sheet;
use crate::DataError;
use crate::case::Case;
use crate::metric::{Rule, area, change, confidence_spread};
use crate::prediction::{StoredPrediction, map_from_fixed};

pub use fusions::{ScoringError, score_fusions, score_label_fusions};
pub use human::human;
pub use learned::{score_learned_fusion, score_own_fusion};
pub use stored::{score_raters, score_stored};

/// Scores one case's stored prediction: every recurrence and structure against each asked reference, and alone.
///
/// * Metrics of a map (`soft_dice` to `brier`) against mean, majority, STAPLE, arbitrated (skipped where the case has none), each
///   present rater, and each present rater's leave-one-out mean (skipped where nobody else is present).
/// * `ged_squared`, `best_match_dice`: the stored hypotheses above 0.5 against [`Reference::RaterSet`]; where none are stored
///   the heads, and without heads one hypothesis, the prediction.
/// * `head_to_rater_dice`: [`Output::Head`] against [`Reference::Rater`], each against each; nothing without heads.
///   `head_to_rater_soft_dice` likewise, of the first and the last recurrence alone: seven raters make 49 numbers a recurrence.
/// * `pairwise_dice`, `fleiss_kappa`: [`Output::RaterSet`] with [`Reference::Alone`], once a structure, without a recurrence.
/// * `area@1`, `change@1` (from Rec1 on) and `confidence_spread@1` (where confidences are stored) with [`Reference::Alone`].
/// * `confidence@1` with [`Reference::Rater`]: how much that present rater is trusted where any of them marks or the prediction is
///   above 0.5. Elsewhere c is a quotient of numbers near 0 and says nothing.
///
/// A method that makes one pass and has no confidences has no recurrences: its scores name none.
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
    let mut scores = Vec::new();
    for (k, structure) in structures.iter().enumerate() {
        let mut sheet = Sheet::new(case, k, structure, spec);
        for recurrence in 0..stored.prediction.dim().0 {
            score_recurrence(&mut sheet, stored, (recurrence, k), &spec.metrics);
        }
        scores.extend(sheet.finish(&spec.metrics));
    }
    Ok(scores)
}

/// Scores maps `[h, w]` of one case's first structure: one map is the [`Output::Prediction`], several are each an
/// [`Output::Hypothesis`] and together the set that is compared with the rater set.
///
/// As [`score_case`] without recurrences; `head_to_rater_dice` and `head_to_rater_soft_dice` compare each of several hypotheses
/// with each rater.
///
/// # Errors
/// No map, or a map of another size than the case.
pub fn score_maps(
    case: &Case,
    maps: &[Array2<f32>],
    spec: &EvaluationSpec,
    structure: &str,
) -> Result<Vec<Score>, DataError> {
    let (h, w) = case.side();
    let refuse = |message: String| Err(DataError::case(&case.name, message));
    if maps.is_empty() || case.structures() == 0 {
        return refuse("there is nothing to score: give at least one prediction".to_owned());
    }
    if let Some((number, map)) = (1..).zip(maps).find(|(_, map)| map.dim() != (h, w)) {
        let (height, width) = map.dim();
        return refuse(format!(
            "prediction {number} has {width}x{height} pixels and the raters' masks {w}x{h}: bring them to one size"
        ));
    }
    let prepared: Vec<_> = maps.iter().cloned().map(Prepared::map).collect();
    let hypotheses: Vec<_> = prepared.iter().map(|map| map.hard().clone()).collect();
    let output = |number| match maps {
        [_] => Output::Prediction,
        _ => Output::Hypothesis(number),
    };
    let mut sheet = Sheet::new(case, 0, structure, spec);
    for metric in &spec.metrics {
        for (number, map) in (1..).zip(&prepared) {
            sheet.map(output(number), None, map, *metric);
        }
        sheet.set(None, &hypotheses, *metric);
        if maps.len() > 1 {
            sheet.each_to_each(Output::Hypothesis, None, &prepared, *metric);
        }
    }
    for (number, map) in (1..).zip(maps) {
        sheet.push(
            output(number),
            None,
            Reference::Alone,
            Rule::AREA,
            area(map),
        );
    }
    Ok(sheet.finish(&spec.metrics))
}

/// One recurrence of one structure.
fn score_recurrence(
    sheet: &mut Sheet<'_>,
    stored: &StoredPrediction,
    (recurrence, k): (usize, usize),
    metrics: &[Metric],
) {
    let map_at = |recurrence| map_from_fixed(&stored.prediction.slice(s![recurrence, k, .., ..]));
    let map = map_at(recurrence);
    let area = area(&map);
    let change = (recurrence > 0).then(|| change(&map, &map_at(recurrence - 1)));
    let prediction = Prepared::map(map);
    let heads = heads(stored, recurrence, k, metrics);
    let hypotheses = hypotheses(stored, k, metrics);
    let recurs = stored.prediction.dim().0 > 1 || stored.confidences.dim().1 > 0;
    let number = recurs.then_some(recurrence as u32);
    let is_end = recurrence == 0 || recurrence + 1 == stored.prediction.dim().0;
    for metric in metrics {
        sheet.map(Output::Prediction, number, &prediction, *metric);
        match metric {
            Metric::GedSquared | Metric::BestMatchDice => {
                let offered = [&hypotheses[..], &heads, std::slice::from_ref(&prediction)];
                let offered = offered.into_iter().find(|maps| !maps.is_empty());
                let masks: Vec<_> = offered
                    .unwrap_or_default()
                    .iter()
                    .map(|map| map.hard().clone())
                    .collect();
                sheet.set(number, &masks, *metric);
            }
            Metric::HeadToRaterSoftDice if !is_end => {}
            metric => sheet.each_to_each(Output::Head, number, &heads, *metric),
        }
    }
    let mut alone = |rule, value| {
        sheet.push(Output::Prediction, number, Reference::Alone, rule, value);
    };
    alone(Rule::AREA, area);
    if let Some(change) = change {
        alone(Rule::CHANGE, change);
    }
    let confidences = stored.confidences.slice(s![recurrence, .., k, .., ..]);
    if !confidences.is_empty() {
        let confidences = map_from_fixed(&confidences);
        alone(Rule::CONFIDENCE_SPREAD, confidence_spread(&confidences));
        sheet.confidences(number, &confidences, prediction.hard());
    }
}

/// The heads' maps; none where no metric looks at them.
fn heads(
    stored: &StoredPrediction,
    recurrence: usize,
    structure: usize,
    metrics: &[Metric],
) -> Vec<Prepared> {
    let wanted = [
        Metric::GedSquared,
        Metric::BestMatchDice,
        Metric::HeadToRaterDice,
        Metric::HeadToRaterSoftDice,
    ];
    if !metrics.iter().any(|metric| wanted.contains(metric)) {
        return Vec::new();
    }
    stored
        .heads
        .slice(s![recurrence, .., structure, .., ..])
        .axis_iter(Axis(0))
        .map(|head| Prepared::map(map_from_fixed(&head)))
        .collect()
}

/// The stored hypotheses' maps; none where no metric looks at them.
fn hypotheses(stored: &StoredPrediction, structure: usize, metrics: &[Metric]) -> Vec<Prepared> {
    let wanted = [Metric::GedSquared, Metric::BestMatchDice];
    if !metrics.iter().any(|metric| wanted.contains(metric)) {
        return Vec::new();
    }
    stored
        .hypotheses
        .slice(s![.., structure, .., ..])
        .axis_iter(Axis(0))
        .map(|map| Prepared::map(map_from_fixed(&map)))
        .collect()
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
