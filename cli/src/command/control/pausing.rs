//! `mrprism pause`, `drain` and `resume`.

use std::process::ExitCode;

use clap::Args;
use mrprism_protocol::wire::{ExperimentView, RunView};
use mrprism_settings::Flags;

use crate::client::Client;
use crate::command::status::counts;
use crate::output;
use crate::select::{self, Named};

/// Stop an experiment or a run at a checkpoint, until it is resumed.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mrprism pause quickstart\n  mrprism pause quickstart/tau-3/0 --json\n\n\
    What runs writes a checkpoint first and goes on from it later, with the same result; what waits begins no more.\n\
    `mrprism drain` lets running runs end instead."
)]
pub(crate) struct Pause {
    #[command(flatten)]
    what: What,
}

/// Begin nothing more of an experiment; what runs goes on to its end.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mrprism drain quickstart\n\n`mrprism resume` goes on; `mrprism workers drain` is for machines."
)]
pub(crate) struct Drain {
    /// An experiment's name or id
    experiment: String,
    /// Print the experiment as JSON
    #[arg(long)]
    json: bool,
}

/// Go on with what was paused or drained.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mrprism resume quickstart\n  mrprism resume quickstart/tau-3/0"
)]
pub(crate) struct Resume {
    #[command(flatten)]
    what: What,
}

#[derive(Debug, Args)]
struct What {
    /// An experiment's name or id, a run's id or the beginning of it, or EXPERIMENT/ARM/SEED
    #[arg(value_name = "EXPERIMENT|RUN")]
    what: String,
    /// Print what came of it as JSON
    #[arg(long)]
    json: bool,
}

impl Pause {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        wish(flags, &self.what, "pause").await
    }
}

impl Resume {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        wish(flags, &self.what, "resume").await
    }
}

impl Drain {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let client = Client::new(flags)?;
        let experiment = select::experiment(&client, &self.experiment).await?;
        let view = client
            .wish_experiment(&experiment.id.to_string(), "drain")
            .await?;
        say_experiment(&view, self.json)?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn wish(flags: &Flags, what: &What, verb: &str) -> anyhow::Result<ExitCode> {
    let client = Client::new(flags)?;
    match select::any(&client, &what.what).await? {
        Named::Experiment(experiment) => {
            let view = client
                .wish_experiment(&experiment.id.to_string(), verb)
                .await?;
            say_experiment(&view, what.json)?;
        }
        Named::Run(run) => {
            let view = client.wish_run(&run.id.to_string(), verb).await?;
            if what.json {
                output::json(&view)?;
            } else {
                output::line(format_args!("{} {}", select::label(&view), standing(&view)));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn say_experiment(view: &ExperimentView, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(view);
    }
    let paused = if view.paused { " (paused)" } else { "" };
    output::line(format_args!(
        "{}{paused}: {}",
        view.name,
        counts(&view.runs)
    ));
    Ok(())
}

/// `leased, asked to pause`.
fn standing(run: &RunView) -> String {
    let asked = run.asked.map(|asked| format!(", asked to {asked}"));
    format!("{}{}", run.state, asked.unwrap_or_default())
}
