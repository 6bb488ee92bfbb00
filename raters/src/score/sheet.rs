//! One structure of one case: what it is scored against, and its scores so far.

use mrprism_protocol::spec::{EvaluationSpec, Metric, Output, Reference};
use mrprism_protocol::wire::Score;
use ndarray::{Array2, Array3};

use super::prepared::Prepared;
use super::references::references;
use super::sets;
use crate::case::Case;
use crate::fusion::Votes;
use crate::metric::{Rule, mean_confidences};

/// Collects the scores of one structure of one case.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    case: &'a Case,
    structure: usize,
    name: &'a str,
    references: Vec<(Reference, Prepared)>,
    scores: Vec<Score>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(
        case: &'a Case,
        structure: usize,
        name: &'a str,
        spec: &EvaluationSpec,
    ) -> Self {
        Self {
            case,
            structure,
            name,
            references: references(case, structure, &spec.references),
            scores: Vec::new(),
        }
    }

    /// Notes one number.
    pub(super) fn push(
        &mut self,
        output: Output,
        recurrence: Option<u32>,
        reference: Reference,
        rule: Rule,
        value: f64,
    ) {
        self.scores.push(Score {
            output,
            recurrence,
            case: self.case.name.clone(),
            structure: self.name.to_owned(),
            reference,
            metric: rule.id.to_owned(),
            value,
        });
    }

    /// Each present rater's mean confidence where one of them or `prediction` `[h, w]` marks; `confidences` is `[m, h, w]`.
    pub(super) fn confidences(
        &mut self,
        recurrence: Option<u32>,
        confidences: &Array3<f32>,
        prediction: &Array2<u8>,
    ) {
        let case = self.case;
        let mut region = prediction.mapv(|value| value != 0);
        for rater in case.present_raters() {
            let mask = case.mask(rater, self.structure);
            region.zip_mut_with(&mask, |marked, value| *marked |= *value != 0);
        }
        let means = mean_confidences(confidences, &region).unwrap_or_default();
        for rater in case.present_raters() {
            if let Some(value) = means.get(rater) {
                let reference = Reference::Rater(rater as u32 + 1);
                let rule = Rule::CONFIDENCE;
                self.push(Output::Prediction, recurrence, reference, rule, *value);
            }
        }
    }

    /// A map against every reference, where `metric` scores maps.
    pub(super) fn map(
        &mut self,
        output: Output,
        recurrence: Option<u32>,
        map: &Prepared,
        metric: Metric,
    ) {
        let found: Vec<_> = self
            .references
            .iter()
            .filter_map(|(reference, truth)| Some((*reference, map.against(truth, metric)?)))
            .collect();
        for (reference, value) in found {
            self.push(output, recurrence, reference, Rule::of(metric), value);
        }
    }

    /// Hypotheses against the rater set, where `metric` compares sets.
    pub(super) fn set(
        &mut self,
        recurrence: Option<u32>,
        hypotheses: &[Array2<u8>],
        metric: Metric,
    ) {
        let found = sets::of_hypotheses(hypotheses, self.case, self.structure, metric);
        if let Some(value) = found {
            let reference = Reference::RaterSet;
            self.push(
                Output::Prediction,
                recurrence,
                reference,
                Rule::of(metric),
                value,
            );
        }
    }

    /// Each map against each present rater, where `metric` compares these; `output` names map number n, from 1.
    pub(super) fn each_to_each(
        &mut self,
        output: fn(u32) -> Output,
        recurrence: Option<u32>,
        maps: &[Prepared],
        metric: Metric,
    ) {
        let of_masks = match metric {
            Metric::HeadToRaterDice => Metric::Dice,
            Metric::HeadToRaterSoftDice => Metric::SoftDice,
            _ => return,
        };
        let raters: Vec<_> = self
            .case
            .present_raters()
            .map(|rater| {
                let votes = Votes::hard(&self.case.mask(rater, self.structure));
                (Reference::Rater(rater as u32 + 1), Prepared::votes(votes))
            })
            .collect();
        for (number, map) in (1_u32..).zip(maps) {
            for (reference, mask) in &raters {
                if let Some(value) = map.against(mask, of_masks) {
                    let rule = Rule::of(metric);
                    self.push(output(number), recurrence, *reference, rule, value);
                }
            }
        }
    }

    /// The raters' agreement, where it was asked for; then all scores.
    pub(super) fn finish(mut self, metrics: &[Metric]) -> Vec<Score> {
        for metric in metrics {
            if let Some(value) = sets::agreement(self.case, self.structure, *metric) {
                let rule = Rule::of(*metric);
                self.push(Output::RaterSet, None, Reference::Alone, rule, value);
            }
        }
        self.scores
    }
}
