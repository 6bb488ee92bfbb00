//! `mrprism config show`: each setting and where it came from.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use mrprism_settings::{Flags, explain};

use crate::failure::of_settings;
use crate::output;
use mrprism_report::print::plain;

/// Settings.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    #[command(subcommand)]
    command: SettingsCommand,
}

#[derive(Debug, Subcommand)]
enum SettingsCommand {
    /// Print each setting with its value and where it came from
    #[command(
        after_help = "Examples:\n  mrprism config show\n  mrprism config show --json\n\n\
        A flag wins over MRPRISM_<NAME>, that over the settings file, that over the default."
    )]
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Settings {
    pub(crate) fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let SettingsCommand::Show { json } = self.command;
        let settings = explain(flags).map_err(of_settings)?;
        if json {
            output::json(&settings)?;
        } else {
            let rows = settings
                .into_iter()
                .map(|setting| vec![setting.name, setting.value, setting.from]);
            output::line(plain(&["setting", "value", "from"], rows));
        }
        Ok(ExitCode::SUCCESS)
    }
}
