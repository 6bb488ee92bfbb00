//! `mrprism experiments`: what has been submitted.

use std::process::ExitCode;

use clap::Args;
use mrprism_settings::Flags;

use super::status::counts;
use crate::client::Client;
use crate::output;
use crate::select;
use mrprism_report::print::plain;

/// List experiments, or the runs of one.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mrprism experiments\n  mrprism experiments quickstart\n  mrprism experiments --json"
)]
pub(crate) struct Experiments {
    /// An experiment's name or id: list its runs
    experiment: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Experiments {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let client = Client::new(flags)?;
        match &self.experiment {
            Some(word) => self.list_runs(&client, word).await?,
            None => self.list(&client).await?,
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn list(&self, client: &Client) -> anyhow::Result<()> {
        let experiments = client.experiments().await?;
        if self.json {
            return output::json(&experiments);
        }
        if experiments.is_empty() {
            output::line("no experiments yet: `mrprism submit FILE` adds one");
            return Ok(());
        }
        let rows = experiments.iter().map(|experiment| {
            let question = experiment.question.clone();
            vec![
                experiment.name.clone(),
                experiment.state.to_string(),
                counts(&experiment.runs),
                question,
            ]
        });
        output::line(plain(&["experiment", "state", "runs", "question"], rows));
        Ok(())
    }

    async fn list_runs(&self, client: &Client, word: &str) -> anyhow::Result<()> {
        let experiment = select::experiment(client, word).await?;
        let runs = client.runs(&experiment.id.to_string()).await?;
        if self.json {
            return output::json(&runs);
        }
        let rows = runs.iter().map(|run| {
            let steps = run
                .steps
                .map_or_else(String::new, |steps| format!("{}/{steps}", run.step));
            vec![
                select::label(run),
                run.state.to_string(),
                run.phase.clone().unwrap_or_default(),
                steps,
                run.attempts.len().to_string(),
                run.id.to_string(),
            ]
        });
        output::line(plain(
            &["run", "state", "phase", "steps", "attempts", "id"],
            rows,
        ));
        Ok(())
    }
}
