//! `mrprism import`: an export becomes an experiment of this server.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use mrprism_settings::Flags;

use crate::client::{Client, Refusal};
use crate::command::status::counts;
use crate::failure::wrong_use;
use crate::output;
use crate::source::Files;

/// Take exported experiments in: their tables and curves, without training anything.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism import docs/results/exports/*\n  \
    mrprism import quickstart --json | jq '.[].notes'\n\n\
    The same export again is the same experiment; another content under its name is refused. Runs\n\
    that had not ended are imported as cancelled: no worker takes them up.")]
pub(crate) struct Import {
    /// Folders that `mrprism export` wrote
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// Print the experiments as JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        // All are read before one is sent: a damaged one stops nothing half way.
        let mut exports = Vec::new();
        for folder in &self.folders {
            let files = Files::of(folder)?;
            files.export(folder)?;
            exports.push(files);
        }
        let client = Client::new(flags)?;
        let mut answers = Vec::new();
        for files in exports {
            let (new, imported) = client
                .import(files)
                .await
                .map_err(conflicts_are_wrong_use)?;
            let word = if new { "imported" } else { "there already" };
            output::note(format_args!(
                "{} {word}: {}",
                imported.experiment.name,
                counts(&imported.experiment.runs)
            ));
            for note in &imported.notes {
                output::note(format_args!("  {note}"));
            }
            answers.push(imported);
        }
        if self.json {
            output::json(&answers)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What contradicts the server's experiments is the caller's to settle.
fn conflicts_are_wrong_use(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<Refusal>() {
        Some(refusal) if matches!(refusal.0.status, 409 | 422) => wrong_use(refusal.to_string()),
        _ => error,
    }
}
