//! The test split: opened once, after training has ended; predicted, stored, and scored from what was stored.

use std::path::Path;

use mrprism_protocol::spec::{LabelFusion, Output, Reference};
use mrprism_protocol::state::ArtifactKind;
use mrprism_protocol::wire::{EventBody, Score, TestCase};
use mrprism_raters::case::Case;
use mrprism_raters::dataset::SplitName;
use mrprism_raters::prediction::{self, StoredPrediction};
use mrprism_raters::score;
use tch::{Device, Tensor};

use super::{Ended, Run, RunInput};
use crate::error::RunError;
use crate::method::Method;
use crate::predict::{Predicted, changes, stored};
use crate::train::{Batch, Observer, Plan, Stop, check, image, log};

/// Stands where a score's case does when it is of none: no file is called so.
const ALL_CASES: &str = "*";

/// Where a run keeps its predictions of test cases.
pub const PREDICTIONS: &str = "predictions";
/// Where a run keeps its own fusions of test cases' labels.
pub const FUSIONS: &str = "fusions";

/// Scores in one event: some hundred kilobytes.
pub const MOST_SCORES: usize = 2000;

impl Run<'_> {
    /// Predicts, stores and scores the test split; says how it ended if it was stopped.
    pub(super) fn test(
        &self,
        method: &dyn Method,
        device: Device,
        observer: &mut dyn Observer,
    ) -> Result<Option<Ended>, RunError> {
        let RunInput {
            spec,
            fold,
            out,
            data,
            ..
        } = *self.input;
        let plan = Plan::new(
            &spec.train,
            data.members(fold)?.positions(SplitName::Train).len(),
        );
        // Opened only now that training has ended.
        let cases = data.load(SplitName::Test, spec.size, fold)?;
        observer.event(EventBody::TestCases {
            cases: cases.iter().map(test_case).collect(),
        });
        let folder = out.join(PREDICTIONS);
        std::fs::create_dir_all(&folder).map_err(RunError::file("make", &folder))?;
        let mut all = Vec::new();
        for (done, case) in cases.iter().enumerate() {
            match self.stop.asked() {
                Some(Stop::Cancel) => return Ok(Some(Ended::Cancelled)),
                Some(Stop::Yield) => {
                    return Ok(Some(Ended::Yielded {
                        step: plan.steps,
                        epoch: plan.epoch(plan.steps),
                    }));
                }
                None => {}
            }
            check(spec, case)?;
            all.extend(self.test_case(method, case, &folder, device, observer)?);
            let (step, steps) = (done as u64 + 1, cases.len() as u64);
            observer.event(EventBody::Progress {
                phase: "predict".to_owned(),
                step,
                epoch: 0,
                steps,
            });
        }
        let (structures, arbitrated) = (&spec.dataset.structures, data.card().arbitrated);
        let scores = score::score_raters(&cases, &spec.evaluation, structures, arbitrated);
        for scores in scores.chunks(MOST_SCORES) {
            let scores = scores.to_vec();
            observer.event(EventBody::Scores { scores });
        }
        for change in changes(&all) {
            let level = if change.is_nothing() { "warn" } else { "info" };
            log(observer, level, change.to_string());
        }
        Ok(None)
    }

    fn test_case(
        &self,
        method: &dyn Method,
        case: &Case,
        folder: &Path,
        device: Device,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Score>, RunError> {
        let RunInput { spec, data, .. } = *self.input;
        let evaluation = &spec.evaluation;
        let predicted = method.predict(&image(case, device), evaluation.recurrences);
        let name = prediction::file_name(&case.name);
        let path = folder.join(&name);
        prediction::write(&path, &stored(&case.name, &predicted, 0)?)?;
        observer.file(
            ArtifactKind::Prediction,
            &path,
            &format!("{PREDICTIONS}/{name}"),
        );
        let own = if evaluation.fusions.contains(&LabelFusion::Learned) {
            self.own_fusion(method, case, device, observer)?
        } else {
            None
        };
        // Scores are computed from what was stored, so that scoring again gives the same bits.
        let stored = prediction::read(&path)?;
        let (structures, arbitrated) = (&spec.dataset.structures, data.card().arbitrated);
        let scores = score::score_stored(
            case,
            &stored,
            own.as_ref(),
            evaluation,
            structures,
            arbitrated,
        )?;
        observer.event(EventBody::Scores {
            scores: scores.clone(),
        });
        Ok(scores)
    }
}

impl Run<'_> {
    /// The method's own fusion of a case's labels, where it has one: stored as everybody's in place of the prediction, and as the
    /// others' in place of a rater's head.
    fn own_fusion(
        &self,
        method: &dyn Method,
        case: &Case,
        device: Device,
        observer: &mut dyn Observer,
    ) -> Result<Option<StoredPrediction>, RunError> {
        let RunInput { out, .. } = *self.input;
        let fuse = |present| method.fuse(&Batch::of_case(case, present, device));
        let Some(all) = fuse(case.present.clone()) else {
            return Ok(None);
        };
        let without = |rater: usize| {
            let mut present = case.present.clone();
            let was_there = std::mem::replace(&mut present[rater], false);
            let someone = was_there && present.contains(&true);
            let fused = someone.then(|| fuse(present)).flatten();
            fused.unwrap_or_else(|| all.zeros_like())
        };
        let others: Vec<Tensor> = (0..case.raters()).map(without).collect();
        let joined = Predicted::single(&all.unsqueeze(0))
            .with_heads(&Tensor::stack(&others, 0).unsqueeze(0));
        let folder = out.join(FUSIONS);
        std::fs::create_dir_all(&folder).map_err(RunError::file("make", &folder))?;
        let name = prediction::file_name(&case.name);
        let path = folder.join(&name);
        prediction::write(&path, &stored(&case.name, &joined, 0)?)?;
        let kind = ArtifactKind::Prediction;
        observer.file(kind, &path, &format!("{FUSIONS}/{name}"));
        Ok(Some(prediction::read(&path)?))
    }
}

fn test_case(case: &Case) -> TestCase {
    TestCase {
        case: case.name.clone(),
        patient: case.patient.clone(),
    }
}

/// What the method has learned of each rater, as scores of no case.
pub(super) fn learned(method: &dyn Method, structures: &[String]) -> Vec<Score> {
    let learned = method.learned().into_iter();
    learned
        .filter_map(|learned| {
            let rater = learned.rater as u32 + 1;
            Some(Score {
                output: Output::Head(rater),
                recurrence: None,
                case: ALL_CASES.to_owned(),
                structure: structures.get(learned.structure)?.clone(),
                reference: Reference::Alone,
                metric: format!("learned_{}@1", learned.name),
                value: learned.value,
            })
        })
        .collect()
}
