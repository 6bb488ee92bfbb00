//! `mrprism rescore`: stored predictions scored again, without training.

use std::process::ExitCode;

use clap::Args;
use mrprism_protocol::spec::{Metric, ReferenceFamily};
use mrprism_protocol::wire::ScoreRequest;
use mrprism_settings::Flags;

use crate::client::Client;
use crate::output;

/// Score an experiment's stored predictions again: with other references or metrics, or after an update. Nothing is trained.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism rescore quickstart --reference staple --reference mean\n  \
    mrprism rescore table1 --metric hausdorff_95 --metric soft_dice\n  \
    mrprism rescore table1 --when-trained\n\n\
    Without --reference or --metric each run's own are scored again; equal files give equal numbers. New numbers stand beside those \
    that are there. `mrprism table` flags references that only some arms were scored against.")]
pub(crate) struct Rescore {
    /// The experiment's name or id
    experiment: String,
    /// A reference in place of the runs' own: mean, majority, staple, arbitrated, raters, `leave_one_out`; may be repeated
    #[arg(long = "reference", value_name = "REFERENCE")]
    references: Vec<ReferenceFamily>,
    /// A metric in place of the runs' own, e.g. `soft_dice`; `mrprism score --list` lists them; may be repeated
    #[arg(long = "metric", value_name = "METRIC")]
    metrics: Vec<Metric>,
    /// Score runs that are still to be trained too, as soon as they have been
    #[arg(long)]
    when_trained: bool,
    /// Print what was queued as JSON
    #[arg(long)]
    json: bool,
}

impl Rescore {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let request = ScoreRequest {
            references: self.references,
            metrics: self.metrics,
            when_trained: self.when_trained,
        };
        let queued = Client::new(flags)?
            .score(&self.experiment, &request)
            .await?;
        if self.json {
            output::json(&queued)?;
            return Ok(ExitCode::SUCCESS);
        }
        let name = &self.experiment;
        output::line(format_args!(
            "{name}: {} runs queued for scoring",
            queued.jobs.len()
        ));
        if queued.under_way > 0 {
            output::note(format_args!(
                "{} are being scored already",
                queued.under_way
            ));
        }
        if queued.without_result > 0 {
            output::note(format_args!(
                "{} have no predictions to score: they have not succeeded",
                queued.without_result
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}
