//! `mrprism data check`: what a data set holds, how its raters agree, what is wrong with it.

use std::process::ExitCode;

use clap::Args;
use mrprism_raters::dataset::{self, Dataset};
use mrprism_settings::Flags;
use mrprism_settings::flags::DataRootFlags;

use super::place;
use crate::failure::as_wrong_use;
use crate::output;

/// Look a data set over: every file is read, nothing is written.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism data check /srv/cfos\n  \
    mrprism data check phantom\n  \
    mrprism data check qubiq/brain-growth --data-root data=/srv/data --json")]
pub(crate) struct Check {
    /// A folder with a dataset.toml, or the name of a registered or built-in data set
    #[arg(value_name = "DIR|NAME")]
    what: String,
    #[command(flatten)]
    roots: DataRootFlags,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(crate) fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let (definition, folder) = place(&self.what, &self.roots, flags)?;
        let data = as_wrong_use(Dataset::open(&definition, folder.as_deref()))?;
        let report = dataset::check(&data);
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
