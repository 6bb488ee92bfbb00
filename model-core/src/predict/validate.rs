//! Scores of the validation split during training, by the same functions and fixed point as the test split's.

use std::collections::BTreeMap;

use mrprism_protocol::spec::{EvaluationSpec, Metric, Output, Reference, ReferenceFamily};
use mrprism_protocol::wire::Score;
use mrprism_raters::case::Case;
use mrprism_raters::score::score_case;
use tch::Device;

use super::{Predictor, stored};
use crate::error::RunError;
use crate::train::Validation;

/// Mean change between recurrences below which the later one did nothing.
const NOTHING: f64 = 1e-3;

/// Scores `cases` after each of `passes` passes; the score is soft Dice against the raters' mean at recurrence `chosen`,
/// averaged over cases, then structures. None where there is no case.
///
/// # Errors
/// What storing refuses.
pub fn validate(
    predictor: &dyn Predictor,
    cases: &[Case],
    structures: &[String],
    passes: u32,
    chosen: u32,
    device: Device,
) -> Result<Option<Validation>, RunError> {
    if cases.is_empty() {
        return Ok(None);
    }
    let spec = EvaluationSpec {
        recurrences: passes,
        references: vec![ReferenceFamily::Mean],
        metrics: vec![Metric::SoftDice],
        fusions: Vec::new(),
    };
    let mut scores = Vec::new();
    for case in cases {
        let predicted = predictor.predict(&crate::train::image(case, device), passes);
        scores.extend(score_case(
            case,
            &stored(&case.name, &predicted, 0)?,
            &spec,
            structures,
        )?);
    }
    let curves = means(&scores);
    let metrics: Vec<_> = curves
        .iter()
        .map(|((name, rec), value)| (format!("validation/{name}/rec{rec}"), *value))
        .collect();
    let score = curves.get(&("soft_dice", chosen)).copied();
    let score = score.ok_or_else(|| {
        RunError::Internal(format!("validation gave no soft Dice at Rec{chosen}"))
    })?;
    Ok(Some(Validation { score, metrics }))
}

/// Means of the curves' metrics by name and recurrence.
fn means(scores: &[Score]) -> BTreeMap<(&'static str, u32), f64> {
    let mut sums: BTreeMap<(&'static str, u32), (f64, f64)> = BTreeMap::new();
    for score in scores {
        let Some(name) = curve(score) else {
            continue;
        };
        // A method without recurrences makes one pass, the first.
        let sum = sums
            .entry((name, score.recurrence.unwrap_or(0)))
            .or_default();
        *sum = (sum.0 + score.value, sum.1 + 1.0);
    }
    sums.into_iter()
        .map(|(key, (sum, count))| (key, sum / count))
        .collect()
}

/// The curve that a score belongs to.
fn curve(score: &Score) -> Option<&'static str> {
    let name = score
        .metric
        .split_once('@')
        .map_or(score.metric.as_str(), |(name, _)| name);
    match (name, score.output, score.reference) {
        ("soft_dice", Output::Prediction, Reference::Mean) => Some("soft_dice"),
        ("area", Output::Prediction, Reference::Alone) => Some("area"),
        ("change", Output::Prediction, Reference::Alone) => Some("change"),
        ("confidence_spread", _, Reference::Alone) => Some("confidence_spread"),
        _ => None,
    }
}

/// How much one recurrence changed the prediction, over all scored cases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The recurrence, from 1.
    pub recurrence: u32,
    /// Mean |ŷᵢ − ŷᵢ₋₁|.
    pub change: f64,
    /// Mean standard deviation of c over raters; none where the method has no confidences.
    pub spread: Option<f64>,
}

impl Change {
    /// Whether the recurrence changed as good as nothing.
    pub fn is_nothing(&self) -> bool {
        self.change < NOTHING
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            recurrence,
            change,
            spread,
        } = *self;
        write!(
            f,
            "Rec{recurrence}: mean change from Rec{} {change:.5}",
            recurrence.saturating_sub(1)
        )?;
        if let Some(spread) = spread {
            write!(f, ", spread of confidences {spread:.4}")?;
        }
        if self.is_nothing() {
            f.write_str(": the recurrence changed nothing")
        } else {
            Ok(())
        }
    }
}

/// The changes that `scores` tell of, by recurrence.
pub fn changes(scores: &[Score]) -> Vec<Change> {
    let means = means(scores);
    let of_change = means.iter().filter(|((name, _), _)| *name == "change");
    of_change
        .map(|((_, recurrence), change)| Change {
            recurrence: *recurrence,
            change: *change,
            spread: means.get(&("confidence_spread", *recurrence)).copied(),
        })
        .collect()
}
