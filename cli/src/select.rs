//! From what a person types to an experiment or a run.

use mrprism_protocol::wire::{ExperimentView, RunView};

use crate::client::{Client, no_experiment};
use crate::failure::wrong_use;

/// What a word names.
#[derive(Debug)]
pub(crate) enum Named {
    /// An experiment.
    Experiment(ExperimentView),
    /// A run.
    Run(Box<RunView>),
}

/// An experiment by name or id.
pub(crate) async fn experiment(client: &Client, word: &str) -> anyhow::Result<ExperimentView> {
    client
        .experiment(word)
        .await?
        .ok_or_else(|| wrong_use(no_experiment(word)))
}

/// An experiment by name or id, else a run.
pub(crate) async fn any(client: &Client, word: &str) -> anyhow::Result<Named> {
    match client.experiment(word).await? {
        Some(experiment) => Ok(Named::Experiment(experiment)),
        None => Ok(Named::Run(Box::new(run(client, word).await?))),
    }
}

/// A run by id, by the beginning of its id where that is unique, or by EXPERIMENT/ARM/SEED.
pub(crate) async fn run(client: &Client, word: &str) -> anyhow::Result<RunView> {
    if let Some((name, rest)) = word.split_once('/') {
        let experiment = experiment(client, name).await?;
        let runs = client.runs(&experiment.id.to_string()).await?;
        return one(&matching(&runs, rest), word);
    }
    if word.parse::<mrprism_protocol::id::RunId>().is_ok() {
        let found = client.run(word).await?;
        return found.ok_or_else(|| nothing(word));
    }
    let mut runs = Vec::new();
    for experiment in client.experiments().await? {
        runs.extend(client.runs(&experiment.id.to_string()).await?);
    }
    let beginning = word.to_lowercase();
    let found: Vec<_> = runs
        .iter()
        .filter(|run| run.id.to_string().starts_with(&beginning))
        .collect();
    one(&found, word)
}

/// Runs that `ARM/SEED` or `ARM/SEED/FOLD` names.
fn matching<'a>(runs: &'a [RunView], rest: &str) -> Vec<&'a RunView> {
    let named = |run: &RunView| {
        let short = format!("{}/{}", run.arm, run.seed);
        short == rest
            || run
                .fold
                .is_some_and(|fold| format!("{short}/{fold}") == rest)
    };
    runs.iter().filter(|run| named(run)).collect()
}

fn one(found: &[&RunView], word: &str) -> anyhow::Result<RunView> {
    match found {
        [run] => Ok((*run).clone()),
        [] => Err(nothing(word)),
        several => {
            let ids: Vec<_> = several
                .iter()
                .take(5)
                .map(|run| format!("  {}  {}", run.id, label(run)))
                .collect();
            Err(wrong_use(format!(
                "'{word}' names {} runs; give more of the id:\n{}",
                several.len(),
                ids.join("\n")
            )))
        }
    }
}

/// A run as people name it.
pub(crate) fn label(run: &RunView) -> String {
    let fold = run.fold.map_or_else(String::new, |fold| format!("/{fold}"));
    format!("{}/{}/{}{fold}", run.experiment_name, run.arm, run.seed)
}

fn nothing(word: &str) -> anyhow::Error {
    wrong_use(format!(
        "no experiment and no run '{word}': give an experiment's name, a run's id, or EXPERIMENT/ARM/SEED \
         (`mrprism experiments` and `mrprism status` list them)"
    ))
}

#[cfg(test)]
mod tests {
    use mrprism_protocol::id::{ExperimentId, RunId};
    use mrprism_protocol::spec::Seed;
    use mrprism_protocol::state::JobState;
    use mrprism_protocol::wire::RunView;

    use super::{matching, one};

    fn run(arm: &str, seed: u64, fold: Option<u32>) -> RunView {
        RunView {
            id: RunId(uuid::Uuid::now_v7()),
            experiment: ExperimentId(uuid::Uuid::now_v7()),
            experiment_name: "quickstart".into(),
            arm: arm.into(),
            seed: Seed(seed),
            fold,
            state: JobState::Queued,
            asked: None,
            reason: None,
            phase: None,
            step: 0,
            epoch: 0,
            steps: None,
            weights_hash: None,
            attempts: Vec::new(),
            spec: None,
        }
    }

    #[test]
    fn a_run_is_named_by_arm_and_seed_and_by_fold_where_that_is_needed() {
        let runs = [
            run("tau-1", 0, None),
            run("tau-3", 0, Some(0)),
            run("tau-3", 0, Some(1)),
        ];
        assert_eq!(
            one(&matching(&runs, "tau-1/0"), "x").unwrap().id,
            runs[0].id
        );
        assert_eq!(
            one(&matching(&runs, "tau-3/0/1"), "x").unwrap().id,
            runs[2].id
        );
        let error = one(&matching(&runs, "tau-3/0"), "q/tau-3/0")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("names 2 runs") && error.contains("quickstart/tau-3/0/1"),
            "{error}"
        );
        assert!(
            one(&matching(&runs, "tau-2/0"), "q/tau-2/0")
                .unwrap_err()
                .to_string()
                .contains("no run 'q/tau-2/0'")
        );
    }
}
