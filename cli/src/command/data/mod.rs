//! `mrprism data …`: data sets of this machine.

mod check;
mod list;
mod place;
mod register;
mod registry;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use mrprism_settings::Flags;

pub(crate) use place::place;

/// Check, register and list data sets.
#[derive(Debug, Args)]
pub(crate) struct Data {
    #[command(subcommand)]
    command: DataCommand,
}

#[derive(Debug, Subcommand)]
enum DataCommand {
    Register(register::Register),
    Check(check::Check),
    List(list::List),
}

impl Data {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        match self.command {
            DataCommand::Register(register) => register.run(flags).await,
            DataCommand::Check(check) => check.run(flags),
            DataCommand::List(list) => list.run(flags).await,
        }
    }
}
