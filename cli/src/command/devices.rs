//! `mrprism devices`: what libtorch this is and what it can compute on.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::program::{self, WORKER};

/// Say libtorch's version and flavour, whether CUDA's runtime is loaded, and each device.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  mrprism devices\n  mrprism devices --json")]
pub(crate) struct Devices {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Devices {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let mut arguments = vec!["devices".to_owned()];
        if self.json {
            arguments.push("--json".to_owned());
        }
        let status = program::command(WORKER, &arguments)?
            .status()
            .with_context(|| format!("starting {WORKER}"))?;
        Ok(program::code(status))
    }
}
