//! `mrprism data …`: data sets of this machine.

mod check;
mod init;
mod list;
mod place;
mod preview;
mod register;
mod registry;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use mrprism_settings::Flags;

pub(crate) use place::open;

/// Draft, check, preview, register and list data sets.
#[derive(Debug, Args)]
pub(crate) struct Data {
    #[command(subcommand)]
    command: DataCommand,
}

#[derive(Debug, Subcommand)]
enum DataCommand {
    Init(init::Init),
    Register(register::Register),
    Check(check::Check),
    Preview(preview::Preview),
    List(list::List),
}

impl Data {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        match self.command {
            DataCommand::Init(init) => init.run(),
            DataCommand::Register(register) => register.run(flags).await,
            DataCommand::Check(check) => check.run(flags),
            DataCommand::Preview(preview) => preview.run(flags),
            DataCommand::List(list) => list.run(flags).await,
        }
    }
}
