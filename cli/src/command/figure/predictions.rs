//! The first run of each arm and what it predicted: of an export's folder or of a server.

use std::path::Path;

use anyhow::Context;
use mrprism_protocol::spec::{RunSpec, Seed};
use mrprism_protocol::state::JobState;
use mrprism_raters::prediction::{self, StoredPrediction};
use mrprism_settings::Flags;

use crate::client::{Client, no_experiment};
use crate::failure::wrong_use;
use crate::source;

/// An arm's first run, by seed and fold, that has succeeded.
#[derive(Debug, Clone)]
pub(super) struct FirstRun {
    pub(super) arm: String,
    pub(super) seed: Seed,
    pub(super) fold: Option<u32>,
    pub(super) spec: RunSpec,
    id: String,
    /// Its folder of predictions in an export.
    position: u32,
}

/// Where predictions are read from.
#[derive(Debug)]
pub(super) enum Store {
    Export(String),
    Server(Client),
}

/// The first run of each arm named, or of every arm, in the experiment's order.
pub(super) async fn first_runs(
    flags: &Flags,
    experiment: &str,
    arms: &[String],
) -> anyhow::Result<(Store, Vec<FirstRun>)> {
    let (store, runs) = if source::is_export(experiment) {
        (Store::Export(experiment.to_owned()), of_export(experiment)?)
    } else {
        let client = Client::new(flags)?;
        let runs = of_server(&client, experiment).await?;
        (Store::Server(client), runs)
    };
    if let Some(arm) = arms
        .iter()
        .find(|arm| runs.iter().all(|run| run.arm != **arm))
    {
        let mut known: Vec<_> = runs.iter().map(|run| run.arm.as_str()).collect();
        known.dedup();
        return Err(wrong_use(format!(
            "no arm '{arm}' has succeeded: '{experiment}' has {}",
            known.join(", ")
        )));
    }
    let mut first: Vec<FirstRun> = Vec::new();
    for run in runs {
        let wanted = arms.is_empty() || arms.contains(&run.arm);
        match first.iter_mut().find(|kept| kept.arm == run.arm) {
            _ if !wanted => {}
            None => first.push(run),
            Some(kept) if (run.seed, run.fold) < (kept.seed, kept.fold) => *kept = run,
            Some(_) => {}
        }
    }
    if first.is_empty() {
        return Err(wrong_use(format!(
            "no run of '{experiment}' has succeeded yet: `mrprism status` says how far they are"
        )));
    }
    Ok((store, first))
}

fn of_export(folder: &str) -> anyhow::Result<Vec<FirstRun>> {
    let runs = source::export_in(folder)?.experiment.runs.into_iter();
    let done = runs.filter(|run| run.state == JobState::Succeeded);
    let found = done.map(|run| FirstRun {
        arm: run.arm,
        seed: run.seed,
        fold: run.fold,
        spec: run.spec,
        id: run.id.to_string(),
        position: run.position,
    });
    Ok(found.collect())
}

async fn of_server(client: &Client, experiment: &str) -> anyhow::Result<Vec<FirstRun>> {
    let Some(view) = client.experiment(experiment).await? else {
        return Err(wrong_use(no_experiment(experiment)));
    };
    let mut found: Vec<FirstRun> = Vec::new();
    for (position, run) in (0..).zip(client.runs(&view.id.to_string()).await?) {
        if run.state != JobState::Succeeded {
            continue;
        }
        let id = run.id.to_string();
        let whole = client.run(&id).await?.and_then(|run| run.spec);
        found.push(FirstRun {
            arm: run.arm,
            seed: run.seed,
            fold: run.fold,
            spec: whole.with_context(|| format!("the server does not say what run {id} is"))?,
            id,
            position,
        });
    }
    Ok(found)
}

impl Store {
    /// What a run stored of a case.
    pub(super) async fn prediction(
        &self,
        run: &FirstRun,
        case: &str,
    ) -> anyhow::Result<StoredPrediction> {
        let name = prediction::file_name(case);
        match self {
            Self::Export(folder) => {
                let position = run.position.to_string();
                let path = Path::new(folder)
                    .join("predictions")
                    .join(position)
                    .join(name);
                if !path.is_file() {
                    return Err(wrong_use(format!(
                        "{} is not there: export it with --predictions {case}, or name a case that was",
                        path.display()
                    )));
                }
                Ok(prediction::read(&path)?)
            }
            Self::Server(client) => {
                let wanted = format!("predictions/{name}");
                let stored = client.artifacts(&run.id).await?;
                let Some(found) = stored.iter().find(|one| one.file.name == wanted) else {
                    return Err(wrong_use(format!(
                        "{} seed {} has stored no prediction of '{case}'",
                        run.arm, run.seed
                    )));
                };
                let content = client.artifact(&found.file.hash).await?;
                let folder = tempfile::tempdir().context("making a folder for a prediction")?;
                let path = folder.path().join(name);
                std::fs::write(&path, content)
                    .with_context(|| format!("writing {}", path.display()))?;
                Ok(prediction::read(&path)?)
            }
        }
    }

    /// Cases that an export holds predictions of; none where that is all of them.
    pub(super) fn held(&self, run: &FirstRun) -> Option<Vec<String>> {
        let Self::Export(folder) = self else {
            return None;
        };
        let folder = Path::new(folder)
            .join("predictions")
            .join(run.position.to_string());
        let entries = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
        Some(
            entries
                .filter_map(|entry| entry.file_name().into_string().ok())
                .collect(),
        )
    }
}
