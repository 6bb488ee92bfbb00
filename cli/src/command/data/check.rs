//! `mrprism data check`: what a data set holds, how its raters agree, what is wrong with it.

use std::process::ExitCode;

use clap::Args;
use mrprism_raters::dataset;
use mrprism_settings::Flags;

use super::place::Place;
use crate::output;

/// Look a data set over: every file is read, nothing is written.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism data check /srv/cfos\n  \
    mrprism data check phantom\n  \
    mrprism data check qubiq/brain-growth --data-root data=/srv/data --json")]
pub(crate) struct Check {
    #[command(flatten)]
    place: Place,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(crate) fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let report = dataset::check(&self.place.open(flags)?);
        if self.json {
            output::json(&report)?;
        } else {
            output::line(&report);
        }
        Ok(if report.is_sound() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
