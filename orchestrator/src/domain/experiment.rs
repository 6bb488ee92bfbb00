//! Where an experiment stands: never stored, always read off its runs.

use std::collections::BTreeMap;

use mrprism_protocol::state::{ExperimentState, JobState};

/// An experiment's state, from its runs' states and whether a person cancelled it.
pub fn experiment_state(runs: &BTreeMap<JobState, u64>, cancelled: bool) -> ExperimentState {
    let some = |wanted: fn(JobState) -> bool| {
        runs.iter()
            .any(|(state, count)| *count > 0 && wanted(*state))
    };
    if some(|state| !state.is_terminal()) {
        ExperimentState::Active
    } else if cancelled {
        ExperimentState::Cancelled
    } else if some(|state| state == JobState::Succeeded) {
        ExperimentState::Finished
    } else {
        ExperimentState::Failed
    }
}

#[cfg(test)]
mod tests {
    use mrprism_protocol::state::{ExperimentState, JobState};

    use super::experiment_state;

    #[test]
    fn an_experiments_state_is_read_off_its_runs() {
        use JobState::{Cancelled, Failed, Leased, Quarantined, Queued, Succeeded};
        let table: [(&[JobState], bool, ExperimentState); 7] = [
            (&[Queued, Succeeded], false, ExperimentState::Active),
            (&[Leased, Cancelled], true, ExperimentState::Active),
            (&[Succeeded, Failed], false, ExperimentState::Finished),
            (&[Succeeded], false, ExperimentState::Finished),
            (&[Failed, Quarantined], false, ExperimentState::Failed),
            (&[Cancelled, Succeeded], true, ExperimentState::Cancelled),
            (&[Cancelled], true, ExperimentState::Cancelled),
        ];
        for (states, cancelled, expected) in table {
            let runs = states.iter().map(|state| (*state, 1)).collect();
            assert_eq!(experiment_state(&runs, cancelled), expected, "{states:?}");
        }
    }

    #[test]
    fn a_state_that_no_run_is_in_does_not_count() {
        let runs = [(JobState::Queued, 0), (JobState::Succeeded, 2)].into();
        assert_eq!(experiment_state(&runs, false), ExperimentState::Finished);
    }
}
