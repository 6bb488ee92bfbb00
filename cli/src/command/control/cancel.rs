//! `mrprism cancel`: ends an experiment or a run.

use std::process::ExitCode;

use clap::Args;
use mrprism_settings::Flags;

use crate::client::Client;
use crate::command::status::counts;
use crate::output;
use crate::select::{self, Named};

/// Cancel an experiment or one run; what has ended stays what it is.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mrprism cancel quickstart\n  mrprism cancel quickstart/tau-3/0"
)]
pub(crate) struct Cancel {
    /// An experiment's name or id, a run's id or the beginning of it, or EXPERIMENT/ARM/SEED
    #[arg(value_name = "EXPERIMENT|RUN")]
    what: String,
    /// Print what was cancelled as JSON
    #[arg(long)]
    json: bool,
}

impl Cancel {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let client = Client::new(flags)?;
        match select::any(&client, &self.what).await? {
            Named::Experiment(experiment) => {
                let view = client
                    .wish_experiment(&experiment.id.to_string(), "cancel")
                    .await?;
                if self.json {
                    output::json(&view)?;
                } else {
                    output::line(format_args!("{}: {}", view.name, counts(&view.runs)));
                }
            }
            Named::Run(run) => {
                let view = client.wish_run(&run.id.to_string(), "cancel").await?;
                if self.json {
                    output::json(&view)?;
                } else if view.state.is_terminal() {
                    output::line(format_args!("{} {}", select::label(&view), view.state));
                } else {
                    output::line(format_args!("{} is asked to end", select::label(&view)));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
