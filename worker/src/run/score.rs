//! Scoring a run's stored predictions again: no network, no device, the code that scored them first.

use std::path::Path;

use mrprism_model_core::assemble::{FUSIONS, MOST_SCORES, PREDICTIONS};
use mrprism_model_core::train::{Stop, StopSignal};
use mrprism_protocol::state::AttemptOutcome;
use mrprism_protocol::wire::{EventBody, TestCase};
use mrprism_raters::case::Case;
use mrprism_raters::dataset::{Dataset, SplitName};
use mrprism_raters::prediction::{self, StoredPrediction};
use mrprism_raters::score;

use super::Sink;
use crate::child::message::{ChildJob, LastWord};

/// Scores every test case's files and says how it ended.
pub(super) fn run(
    job: &ChildJob,
    data: &Dataset,
    sink: &mut dyn Sink,
    stop: &StopSignal,
) -> LastWord {
    match scored(job, data, sink, stop) {
        Ok(word) => word,
        Err(error) => LastWord::without_result(AttemptOutcome::Failed, format!("{error:#}")),
    }
}

fn scored(
    job: &ChildJob,
    data: &Dataset,
    sink: &mut dyn Sink,
    stop: &StopSignal,
) -> anyhow::Result<LastWord> {
    let (spec, structures) = (&job.spec, &job.spec.dataset.structures);
    let arbitrated = data.card().arbitrated;
    let cases = data.load(SplitName::Test, spec.size, job.fold)?;
    sink.event(EventBody::TestCases {
        cases: cases.iter().map(named).collect(),
    });
    for (done, case) in (1_u64..).zip(cases.iter()) {
        // What has been scored stays scored; the next attempt writes it again, to the same numbers.
        match stop.asked() {
            Some(Stop::Cancel) => {
                return Ok(LastWord::without_result(
                    AttemptOutcome::Cancelled,
                    "cancelled",
                ));
            }
            Some(Stop::Yield) => {
                return Ok(LastWord::without_result(
                    AttemptOutcome::Yielded,
                    "stopped between two cases, to be begun again",
                ));
            }
            None => {}
        }
        let stored = prediction::read(&file(&job.out, PREDICTIONS, case))?;
        let own = own_fusion(&job.out, case)?;
        let scores = score::score_stored(
            case,
            &stored,
            own.as_ref(),
            &spec.evaluation,
            structures,
            arbitrated,
        )?;
        sink.event(EventBody::Scores { scores });
        sink.event(EventBody::Progress {
            phase: "score".to_owned(),
            step: done,
            epoch: 0,
            steps: cases.len() as u64,
        });
    }
    let scores = score::score_raters(&cases, &spec.evaluation, structures, arbitrated);
    for scores in scores.chunks(MOST_SCORES) {
        let scores = scores.to_vec();
        sink.event(EventBody::Scores { scores });
    }
    Ok(LastWord {
        outcome: AttemptOutcome::Succeeded,
        message: None,
        weights_hash: None,
        train_seconds: None,
        data_differ: false,
    })
}

/// The method's own fusion, where the run stored one.
fn own_fusion(out: &Path, case: &Case) -> anyhow::Result<Option<StoredPrediction>> {
    let path = file(out, FUSIONS, case);
    Ok(if path.is_file() {
        Some(prediction::read(&path)?)
    } else {
        None
    })
}

fn file(out: &Path, folder: &str, case: &Case) -> std::path::PathBuf {
    out.join(folder).join(prediction::file_name(&case.name))
}

fn named(case: &Case) -> TestCase {
    TestCase {
        case: case.name.clone(),
        patient: case.patient.clone(),
    }
}
