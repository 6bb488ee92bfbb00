//! `mrprism worker`: a worker in the foreground.

use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use mrprism_settings::Flags;
use mrprism_settings::flags::{PlacementFlags, TrainerFlags};

use crate::program::{self, WORKER};

/// Start a worker in the foreground; Ctrl-C ends it at a checkpoint of each run.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism worker\n  \
    mrprism worker --server http://lab:8080 --token T --device cuda --data-root data=/srv/data")]
pub(crate) struct Worker {
    #[command(flatten)]
    trainer: TrainerFlags,
    #[command(flatten)]
    placement: PlacementFlags,
}

impl Worker {
    pub(crate) fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let mut arguments = vec!["serve".to_owned()];
        arguments.extend(flags.home.for_program()?);
        arguments.extend(flags.access.for_program());
        arguments.extend(self.trainer.for_program());
        arguments.extend(self.placement.for_program());
        // Becomes the worker; comes back only where that failed.
        let error = program::command(WORKER, &arguments)?.exec();
        Err(error).with_context(|| format!("starting {WORKER}"))
    }
}
