//! `mrprism submit`: an experiment file becomes runs in the queue.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use mrprism_settings::Flags;

use super::status::counts;
use crate::bundle;
use crate::client::{Client, Refusal};
use crate::failure::wrong_use;
use crate::{output, watch};

/// Submit an experiment: every arm with every seed becomes a run in the queue.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism submit experiments/studies/quickstart.toml --wait\n  \
    mrprism submit study.toml --json\n\n\
    Method files are looked for in ../methods beside the study, then among those built in. The same file submitted\n\
    again is the same experiment. With --wait, Ctrl-C leaves the runs going on.")]
pub(crate) struct Submit {
    /// The experiment file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Wait until every run has ended; exit 1 unless all succeeded
    #[arg(long)]
    wait: bool,
    /// Print the experiment as JSON
    #[arg(long)]
    json: bool,
}

impl Submit {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let bundle = bundle::read(&self.file)?;
        let client = Client::new(flags)?;
        let (new, mut experiment) = client.submit(&bundle).await.map_err(faults_are_wrong_use)?;
        let word = if new { "submitted" } else { "there already" };
        let line = format!("{} {word}: {}", experiment.name, counts(&experiment.runs));
        if self.json {
            output::note(line);
        } else {
            output::line(line);
        }
        let mut code = ExitCode::SUCCESS;
        if self.wait {
            code = watch::until_ended(&client, &experiment).await?;
            if let Some(ended) = client.experiment(&experiment.id.to_string()).await? {
                experiment = ended;
            }
        }
        if self.json {
            output::json(&experiment)?;
        }
        Ok(code)
    }
}

/// A definition that the server refuses is the file's author's to mend.
pub(super) fn faults_are_wrong_use(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<Refusal>() {
        Some(refusal) if !refusal.0.errors.is_empty() || refusal.0.status == 409 => {
            wrong_use(refusal.to_string())
        }
        _ => error,
    }
}
