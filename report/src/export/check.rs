//! What an export's experiment may not say.

use std::collections::BTreeSet;

use mrprism_protocol::spec::{ExperimentFile, parse_toml};
use mrprism_protocol::state::{AttemptOutcome, JobState};
use mrprism_protocol::wire::{ExportedExperiment, ExportedRun};

use super::{EXPERIMENT, ExportFault};

/// Most runs of one experiment.
const MOST_RUNS: usize = 100_000;
/// Seconds since 1970 at the end of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;
/// The largest whole number that a database keeps.
const LARGEST: u64 = i64::MAX as u64;

/// Refuses what contradicts itself.
pub(super) fn experiment(experiment: &ExportedExperiment) -> Result<(), ExportFault> {
    let refuse = |message: String| Err(ExportFault::of_file(EXPERIMENT, message));
    let source = &experiment.bundle.experiment;
    let file: ExperimentFile = parse_toml(&source.file, &source.text)
        .map_err(|error| ExportFault::of_file(EXPERIMENT, error))?;
    if (&file.name, &file.question) != (&experiment.name, &experiment.question) {
        return refuse(format!(
            "it is called '{}' and its experiment file '{}', or they ask differently: what was submitted is never changed",
            experiment.name, file.name
        ));
    }
    let tried = experiment.runs.iter().flat_map(|run| &run.attempts);
    let mut times = tried
        .flat_map(|attempt| [Some(attempt.started_at), attempt.ended_at])
        .chain([Some(experiment.created_at), experiment.cancelled_at])
        .flatten();
    if let Some(time) = times.find(|time| !(0..=LAST_SECOND).contains(&time.timestamp())) {
        return refuse(format!("{time} is no time between 1970 and 9999"));
    }
    if experiment.runs.len() > MOST_RUNS {
        return refuse(format!("more than {MOST_RUNS} runs"));
    }
    let (mut ids, mut cells, mut prints) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (position, run) in experiment.runs.iter().enumerate() {
        let refuse = |what: &str| refuse(format!("run {position} {what}"));
        if run.position as usize != position {
            return refuse("does not stand at its position");
        }
        if !ids.insert(run.id)
            || !cells.insert((&run.arm, run.seed, run.fold))
            || !prints.insert(&run.fingerprint)
        {
            return refuse("has the id, the cell or the fingerprint of another");
        }
        if let Some(fault) = fault_of(run) {
            return refuse(fault);
        }
    }
    Ok(())
}

/// What no run can say.
fn fault_of(run: &ExportedRun) -> Option<&'static str> {
    let small = |fold: u32| i32::try_from(fold).is_ok();
    if run.seed.0 > LARGEST || !run.fold.is_none_or(small) {
        return Some("has a seed or a fold that is too large");
    }
    if run.train_seconds.is_some_and(|seconds| seconds < 0.0) {
        return Some("trained for less than no time");
    }
    if run.attempts.is_empty() && run.provenance.is_some() {
        return Some("was never tried and has a provenance");
    }
    let mut last = 0;
    for attempt in &run.attempts {
        if attempt.number <= last || !small(attempt.number) {
            return Some("has attempts that are not numbered upwards from 1");
        }
        last = attempt.number;
        if attempt.ended_at.is_some() != attempt.outcome.is_some() {
            return Some("has an attempt with an end and no outcome, or the other way round");
        }
        let numbers = [attempt.resumed_from_epoch, attempt.steps];
        if [attempt.step, attempt.epoch]
            .iter()
            .any(|number| *number > LARGEST)
            || numbers.iter().flatten().any(|number| *number > LARGEST)
            || attempt
                .resumed_from_step
                .is_some_and(|step| !(1..=LARGEST).contains(&step))
        {
            return Some("has an attempt with a step or an epoch that cannot be");
        }
        if run.state.is_terminal() && attempt.outcome.is_none() {
            return Some("has ended and an attempt of it has not");
        }
    }
    let done = run
        .attempts
        .iter()
        .any(|attempt| attempt.outcome == Some(AttemptOutcome::Succeeded));
    (done != (run.state == JobState::Succeeded))
        .then_some("succeeded without an attempt that did, or the other way round")
}
