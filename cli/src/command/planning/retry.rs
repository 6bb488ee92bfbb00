//! `mrprism retry`: runs that ended without success are queued again.

use std::process::ExitCode;

use clap::Args;
use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::RetryRequest;
use mrprism_settings::Flags;

use crate::client::Client;
use crate::command::status::counts;
use crate::output;
use crate::select::{self, Named};

/// Queue runs again that failed, were quarantined or cancelled; they go on from their last checkpoint.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism retry quickstart\n  \
    mrprism retry quickstart --cancelled\n  \
    mrprism retry quickstart/tau-3/0 --from-scratch\n\n\
    Without --failed and --cancelled: an experiment's failed and quarantined runs. A run that is named is queued again\n\
    whichever of them it is.")]
pub(crate) struct Retry {
    /// An experiment's name or id, a run's id or the beginning of it, or EXPERIMENT/ARM/SEED
    #[arg(value_name = "EXPERIMENT|RUN")]
    what: String,
    #[command(flatten)]
    states: States,
    /// Forget checkpoints and begin anew
    #[arg(long)]
    from_scratch: bool,
    /// Print what was queued as JSON
    #[arg(long)]
    json: bool,
}

/// Which of an experiment's runs.
#[derive(Debug, Args)]
struct States {
    /// Runs that failed or were quarantined
    #[arg(long)]
    failed: bool,
    /// Runs that were cancelled
    #[arg(long)]
    cancelled: bool,
}

impl Retry {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let client = Client::new(flags)?;
        let request = self.request();
        match select::any(&client, &self.what).await? {
            Named::Experiment(experiment) => {
                let id = experiment.id.to_string();
                let retried = client.retry_experiment(&id, &request).await?;
                if self.json {
                    output::json(&retried)?;
                    return Ok(ExitCode::SUCCESS);
                }
                output::line(format_args!(
                    "{}: {} queued again, {} of them from a checkpoint: {}",
                    retried.experiment.name,
                    retried.runs.len(),
                    retried.from_checkpoint,
                    counts(&retried.experiment.runs)
                ));
                if retried.other_science > 0 {
                    output::note(format_args!(
                        "{} were left: they are of another science version, and no worker of this server may run them",
                        retried.other_science
                    ));
                }
            }
            Named::Run(run) => {
                let view = client.retry_run(&run.id.to_string(), &request).await?;
                if self.json {
                    output::json(&view)?;
                } else {
                    output::line(format_args!("{} {}", select::label(&view), view.state));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn request(&self) -> RetryRequest {
        let mut request = RetryRequest {
            from_scratch: self.from_scratch,
            ..RetryRequest::default()
        };
        if self.states.cancelled {
            if !self.states.failed {
                request.states.clear();
            }
            request.states.push(JobState::Cancelled);
        }
        request
    }
}
