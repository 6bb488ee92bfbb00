//! `mrprism extend`: an experiment that is there gets the cells of its file that it lacks.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use mrprism_protocol::spec::{ExperimentFile, parse_toml};
use mrprism_settings::Flags;

use crate::client::Client;
use crate::command::status::counts;
use crate::command::submit::faults_are_wrong_use;
use crate::failure::as_wrong_use;
use crate::{bundle, output, watch};

/// Add new seeds, folds, arms and data sets of a file to the experiment of its name.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism extend experiments/studies/quickstart.toml --wait\n  \
    mrprism extend study.toml --json\n\n\
    Only missing cells become runs; runs that are there stay as they are, also where the file does not name them any more. A\n\
    cell that is there with another specification is refused. `mrprism plan FILE` says beforehand what would be added.")]
pub(crate) struct Extend {
    /// The experiment file, by the name of the experiment
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Wait until every run has ended; exit 1 unless all succeeded
    #[arg(long)]
    wait: bool,
    /// Print what was added as JSON
    #[arg(long)]
    json: bool,
}

impl Extend {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let bundle = bundle::read(&self.file)?;
        let source = &bundle.experiment;
        let file: ExperimentFile = as_wrong_use(parse_toml(&source.file, &source.text))?;
        let client = Client::new(flags)?;
        let extended = client
            .extend(&file.name, &bundle)
            .await
            .map_err(faults_are_wrong_use)?;
        if self.json {
            output::json(&extended)?;
        } else {
            let experiment = &extended.experiment;
            let unnamed = match extended.unnamed {
                0 => String::new(),
                runs => format!(", {runs} that the file does not name stay"),
            };
            output::line(format_args!(
                "{}: {} added, {} there{unnamed}: {}",
                experiment.name,
                extended.added,
                extended.there,
                counts(&experiment.runs)
            ));
        }
        if self.wait {
            return watch::until_ended(&client, &extended.experiment).await;
        }
        Ok(ExitCode::SUCCESS)
    }
}
